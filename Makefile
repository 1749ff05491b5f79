# SPDX-License-Identifier: MIT
#
# Builds Exo-OS: the kernel in four flavours, the root file system, the boot
# image and the host test program; runs, tests, debugs and measures them.
# docs/building.md explains the goals and the variables.
#
# A folder lists its files in its own module.mk, in these variables:
#   kernel-y    C of every kernel            asm-y     NASM of every kernel
#   hot-y       the files built for speed (-O2); the rest is built for size
#   explore-y   C of the kernel that explores alone; unexplored-y: whose accesses
#               it leaves alone
#   frameless-y those of them without frame pointers (backtraces leave them out)
#   tests-y     tests for kernel and host    ktests-y  kernel only
#   hosttests-y host only                    hostsrc-y kernel C the host links
#   threadtests-y, threadsrc-y               the same for the thread tests
#   user-y      programs of the root file system, from user/NAME.c
#   testuser-y  programs of the tests, from tests/user/NAME.c

# ---- What the user may set --------------------------------------------------

CPUS     ?= 4
MEM      ?= 256M
ACCEL    ?= auto
MACHINE  ?= pc
FIRMWARE ?= bios
CMDLINE  ?= bench=quick init=/init
override ROOTFS := $(patsubst ~/%,$(HOME)/%,$(ROOTFS))
SEED     ?=
ONLY     ?=
ROUNDS   ?= 1000
ROWS     ?=
TEST     ?=
SEEDS    ?= 1..200
GDB      ?=
V        ?=
ACCEPT   ?=
ALL      ?=
WORKLOAD ?=
LINUX    ?= build/compare/vmlinuz
PREFIX   ?= $(HOME)/.local/x86_64-elf

export CPUS MEM ACCEL MACHINE FIRMWARE CMDLINE ROOTFS SEED ONLY V PREFIX

# ---- Tools ------------------------------------------------------------------

CROSS := $(firstword $(foreach c,x86_64-elf- $(PREFIX)/bin/x86_64-elf-,\
	$(if $(shell command -v $(c)gcc 2>/dev/null),$(c))))
CC      := $(CROSS)gcc
LD      := $(CROSS)ld
NM      := $(CROSS)nm
OBJCOPY := $(CROSS)objcopy
HOSTCC  := gcc
USERCC  := musl-gcc
CLANG   := clang
NASM    := nasm
PYTHON  := python3
FORMAT  := clang-format
export CC HOSTCC CLANG NM

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

MAKEFLAGS += --jobs=$(shell nproc)
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all run test bench bench-host bench-machine compare ratios trace debug explore size check format docs toolchain clean FORCE \
	check-floors check-headers check-format check-clang check-percpu
all: build/exo.elf build/initrd.cpio build/exo.iso

# ---- Sources ----------------------------------------------------------------

include $(wildcard */module.mk */*/module.mk)

flavours := release debug preempt explore
tests.release :=
tests.debug   := $(tests-y) $(ktests-y)
tests.preempt := $(tests.debug)
elf.release := build/exo.elf
elf.debug   := build/debug/exo.elf
elf.preempt := build/preempt/exo.elf

# The kernel that explores is the one that preempts, but for those files.
tests.explore := $(tests.debug) $(explore-y)
elf.explore   := build/explore/exo.elf
explored := $(addsuffix /%,boot fs ipc kernel mm posix sched tests/explore \
	tests/fs tests/ipc tests/kernel tests/posix tests/sched) \
	lib/ring.c tests/ktest.c

# ---- Flags ------------------------------------------------------------------

warnings := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wdate-time
stable := -ffile-prefix-map=$(CURDIR)=.
freestanding := -std=gnu11 -ffreestanding -fno-pie -fno-pic -mcmodel=kernel \
	-mno-red-zone -mgeneral-regs-only -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-common \
	-fno-strict-aliasing -fno-delete-null-pointer-checks \
	-mpreferred-stack-boundary=3 \
	-fstack-protector-strong -mstack-protector-guard=global
includes := -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-iquote . -iquote build

# For speed, but without the gaps that align loops: they are executed, too.
speed := -O2 -fno-align-jumps -fno-align-loops -fno-align-labels

# For size: structures are cleared and copied by eight bytes and not by four.
small := -Os -mstringop-strategy=rep_8byte

flags.release :=
flags.debug   := -DEXO_DEBUG=1
flags.preempt := -DEXO_DEBUG=1 -DEXO_PREEMPT_ALWAYS=1
flags.explore := $(flags.preempt) -DEXO_EXPLORE=1

# The compiler calls kernel/explore.c before each access to memory.
points.explore := -fsanitize=thread -Wno-tsan \
	--param tsan-instrument-func-entry-exit=0

cflags := $(freestanding) $(includes) $(warnings) $(stable) -g \
	-ffunction-sections -fdata-sections
ldflags := -m elf_x86_64 -n -z max-page-size=0x1000 -z noexecstack \
	--build-id=none --gc-sections --no-warn-rwx-segments
hostflags := $(host-cflags) -iquote . -iquote build $(warnings) $(stable)
userflags := -std=gnu11 -Os -static -s -iquote . $(warnings) $(stable)

# A file of these holds the words that what depends on it was made with; it is
# rewritten only when they change, so changing a variable rebuilds just that.
define stamp
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(subst ','\'',$(2))' | cmp -s - $$@ || \
		printf '%s\n' '$$(subst ','\'',$(2))' > $$@
endef
$(eval $(call stamp,build/host/flags,$$(HOSTCC) $$(hostflags)))
$(eval $(call stamp,build/user/flags,$$(USERCC) $$(userflags)))
$(eval $(call stamp,build/iso/cmdline,$$(CMDLINE)))

# ---- The kernels ------------------------------------------------------------

# $(1) flavour. Two links: the first gives the addresses of the functions, the
# second carries their table (section .ksyms, behind all code, which therefore
# does not move; symbols.py --verify proves it).
define kernel
$(1).files := $$(sort $$(kernel-y) $$(asm-y) $$(tests.$(1)))
$(1).objs := $(if $(filter explore,$(1)),\
	$$(patsubst %,build/explore/%.o,$$(filter $$(explored),$$($(1).files))) \
	$$(patsubst %,build/preempt/%.o,$$(filter-out $$(explored),$$($(1).files))),\
	$$(patsubst %,build/$(1)/%.o,$$($(1).files)))

$$(eval $$(call stamp,build/$(1)/flags,\
	$$$$(CC) $$$$(cflags) $$$$(speed) $$$$(small) $$$$(flags.$(1)) \
	$$$$(points.$(1)) $$$$(ldflags) $$$$(hot-y) $$$$(frameless-y) $$$$(unexplored-y)))

build/$(1)/%.c.o: %.c build/$(1)/flags | build/gen/font.inc
	$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(cflags) $$(flags.$(1)) \
		-DEXO_FOLDER=$$(firstword $$(subst /, ,$$<)) \
		$$(if $$(filter $$<,$$(hot-y)),$$(speed),$$(small)) \
		$$(if $$(filter $$<,$$(frameless-y)),-fomit-frame-pointer) \
		$$(if $$(filter $$<,$$(unexplored-y)),,$$(points.$(1))) \
		-Wframe-larger-than=$$(if $$(filter tests/%,$$<),2048,512) \
		-frandom-seed=$$< -MMD -MP -c $$< -o $$@

build/$(1)/%.asm.o: %.asm build/$(1)/flags build/$(1)/offsets.inc
	$(call say,NASM,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(NASM) -f elf64 -I. -Ibuild/$(1)/ -g -F dwarf -Werror \
		$$(flags.$(1)) -MD $$(@:.o=.d) -MP -o $$@ $$<

build/$(1)/offsets.s: arch/x86_64/offsets.c build/$(1)/flags
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(cflags) $$(flags.$(1)) -Os -g0 -MMD -MP -S $$< -o $$@

build/$(1)/offsets.inc: build/$(1)/offsets.s
	$(call say,GEN,$$@)
	$(Q)sed -n 's/^#->\([A-Za-z0-9_]*\) \$$$$*\(.*\)/%define \1 \2/p' $$< > $$@

build/$(1)/ksyms-none.S: scripts/symbols.py
	@mkdir -p $$(@D)
	$(Q)$$(PYTHON) scripts/symbols.py < /dev/null > $$@

build/$(1)/ksyms.S: build/$(1)/exo.pass1 scripts/symbols.py
	$(Q)$$(NM) -n $$< | $$(PYTHON) scripts/symbols.py > $$@

build/$(1)/%.S.o: build/$(1)/%.S build/$(1)/flags
	$(Q)$$(CC) -c $$< -o $$@

build/$(1)/exo.pass1: linker.ld $$($(1).objs) build/$(1)/ksyms-none.S.o
	$(Q)$$(LD) $$(ldflags) -T linker.ld -o $$@ $$(filter %.o,$$^)

$$(elf.$(1)): linker.ld $$($(1).objs) build/$(1)/ksyms.S.o
	$(call say,LD,$$@)
	$(Q)$$(LD) $$(ldflags) -T linker.ld -Map build/$(1)/exo.map -o $$@ \
		$$(filter %.o,$$^)
	$(Q)$$(NM) -n $$@ | $$(PYTHON) scripts/symbols.py --verify \
		build/$(1)/ksyms.S

-include $$($(1).objs:.o=.d) build/$(1)/offsets.d
endef
$(foreach f,$(flavours),$(eval $(call kernel,$(f))))

build/%.stripped: build/%.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

# The console's font comes from a Debian package, not from this repository.
FONT := /usr/share/consolefonts/Lat15-Terminus16.psf.gz
build/gen/font.inc: scripts/font.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/font.py $(FONT) > $@

# ---- The root file system and the image -------------------------------------

users := $(patsubst %,build/user/%,$(user-y))
$(users): build/user/%: user/%.c build/user/flags
	$(call say,USERCC,$@)
	$(Q)$(USERCC) $(userflags) -MMD -MP -MF $@.d -o $@ $<
-include $(users:=.d)

# The names, sizes and times of what ROOTFS holds; it changes with them.
build/rootfs.list: FORCE
	@mkdir -p $(@D)
	@find $(if $(ROOTFS),'$(ROOTFS)',/dev/null) -printf '%p %m %s %T@ %l\n' \
		> $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

build/initrd.cpio: scripts/mkinitrd.py $(users) build/rootfs.list
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) scripts/mkinitrd.py -o $@ $(users) \
		$(if $(ROOTFS),--overlay '$(ROOTFS)')

# The tests' own programs, with either C library, in a root file system apart.
testusers := $(patsubst %,build/testroot/tests/%,$(testuser-y))
testusers.glibc := $(testusers:=-glibc)
$(testusers): build/testroot/tests/%: tests/user/%.c build/user/flags
	$(call say,USERCC,$@)
	@mkdir -p $(@D) build/user
	$(Q)$(USERCC) $(userflags) -MMD -MP -MF build/user/$*.d -o $@ $<
$(testusers.glibc): build/testroot/tests/%-glibc: tests/user/%.c \
		build/user/flags
	$(call say,USERCC,$@)
	@mkdir -p $(@D) build/user
	$(Q)$(HOSTCC) $(userflags) -MMD -MP -MF build/user/$*-glibc.d -o $@ $<
-include $(patsubst %,build/user/%.d,$(testuser-y) $(testuser-y:=-glibc))

testscripts := $(patsubst %,build/testroot/%,$(wildcard tests/shell/*.sh))
$(testscripts): build/testroot/%: %
	@mkdir -p $(@D)
	$(Q)cp $< $@

build/tests.cpio: scripts/mkinitrd.py $(users) $(testusers) \
		$(testusers.glibc) $(testscripts)
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) scripts/mkinitrd.py -o $@ $(users) \
		--overlay build/testroot

build/exo.iso: scripts/mkiso.sh build/exo.stripped build/initrd.cpio \
		build/iso/cmdline
	$(call say,ISO,$@)
	$(Q)scripts/mkiso.sh $@ build/exo.stripped build/initrd.cpio "$$CMDLINE"

# ---- Running ----------------------------------------------------------------

# With a seed: the kernel that explores, and no disk, whose time nobody counts.
seeded := build/explore/exo.elf build/initrd.cpio
run: $(if $(SEED),$(seeded),build/exo.iso)
	$(Q)$(PYTHON) scripts/qemu.py $(if $(SEED),--seed $(SEED) \
		--kernel $(word 1,$(seeded)) --initrd $(word 2,$(seeded)) \
		--append "explore=1 $$CMDLINE",--iso build/exo.iso)

explore: build/explore/exo.elf build/tests.cpio
	$(Q)$(PYTHON) scripts/explore.py '$(TEST)' '$(SEEDS)' $(if $(GDB),--gdb)

debug: build/debug/exo.elf build/initrd.cpio
	$(Q)scripts/debug.sh build/debug/exo.elf build/initrd.cpio "$$CMDLINE"

trace: build/exo.elf build/initrd.cpio
	$(Q)$(PYTHON) scripts/trace_picture.py build/trace/trace.json \
		$(if $(WORKLOAD),--workload '$(WORKLOAD)') \
		$(if $(ACCEPT),--accept)

# ---- Host tests -------------------------------------------------------------

host.objs := $(patsubst %,build/host/%.o,\
	$(sort $(host-runner) $(tests-y) $(hosttests-y) $(hostsrc-y)))

build/host/%.c.o: %.c build/host/flags | build/gen/font.inc
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(hostflags) -MMD -MP -c $< -o $@

build/host_tests: $(host.objs)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $(host-ldflags) -o $@ $^ $(host-ldlibs)
-include $(host.objs:.o=.d)

# Under another sanitizer, so each object is made once more.
thread.objs := $(patsubst %,build/threads/%.o,\
	$(sort $(host-runner) $(threadtests-y) $(threadsrc-y)))
threadflags := $(thread-cflags) -iquote . -iquote build $(warnings) $(stable)
$(eval $(call stamp,build/threads/flags,$$(HOSTCC) $$(threadflags)))

build/threads/%.c.o: %.c build/threads/flags
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(threadflags) -MMD -MP -c $< -o $@

build/thread_tests: $(thread.objs)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -fsanitize=thread -o $@ $^ $(host-ldlibs)
-include $(thread.objs:.o=.d)

# ---- Hot paths on the host --------------------------------------------------

# Kernel files are compiled as in the release kernel, but for where its code
# and its per-CPU data lie.
hostbench.objs := $(patsubst %,build/bench-host/%.o,$(hostbench-y))
hostbenchflags := -std=gnu11 -D_GNU_SOURCE -O2 -fno-pie -DEXO_HOST=1 \
	-ffunction-sections -g -iquote . -iquote build $(warnings) $(stable) \
	$(hostbench-cflags)
hostbench.kernel := $(filter-out -mcmodel=% -mstack-protector-guard=%,\
	$(freestanding))
$(eval $(call stamp,build/bench-host/flags,$$(HOSTCC) $$(hostbenchflags) \
	$$(hostbench.kernel) $$(speed) $$(hot-y)))

build/bench-host/%.c.o: %.c build/bench-host/flags
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(hostbenchflags) $(if $(filter bench/host/%,$<),,\
		$(hostbench.kernel) $(if $(filter $<,$(hot-y)),$(speed),-Os)) \
		-MMD -MP -c $< -o $@

build/bench-host/%.asm.o: %.asm build/release/offsets.inc
	$(call say,NASM,$@)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -I. -Ibuild/release/ -Werror -MD $(@:.o=.d) -MP \
		-o $@ $<

build/bench-host/host_bench: $(hostbench.objs)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -no-pie -Wl,--gc-sections -z noexecstack -o $@ $^ \
		$(hostbench-ldlibs)
-include $(hostbench.objs:.o=.d)

bench-host: build/bench-host/host_bench
	$(Q)GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384 \
		scripts/bench_host.sh $< $(ROUNDS) build/bench-host/results.jsonl \
		$(if $(ROWS),'$(ROWS)')

# ---- Beside Linux -----------------------------------------------------------

# One program, the same file on both kernels. What it measures stands in
# bench/compare/rows.def.
compareflags := $(userflags)
compare.objs := $(patsubst %,build/compare/%.o,$(compare-y))
$(eval $(call stamp,build/compare/flags,$$(USERCC) $$(compareflags)))

build/compare/%.c.o: %.c build/compare/flags
	$(call say,USERCC,$@)
	@mkdir -p $(@D)
	$(Q)$(USERCC) $(compareflags) -MMD -MP -c $< -o $@
-include $(compare.objs:.o=.d)

build/compare/compare: $(compare.objs)
	$(call say,USERLD,$@)
	$(Q)$(USERCC) $(compareflags) -o $@ $^

# What it starts, with both libraries.
build/compare/small: bench/compare/small.c build/compare/flags
	$(call say,USERCC,$@)
	$(Q)$(USERCC) $(compareflags) -MMD -MP -MF $@.d -o $@ $<
build/compare/small-glibc: bench/compare/small.c build/compare/flags
	$(call say,USERCC,$@)
	$(Q)$(HOSTCC) $(compareflags) -MMD -MP -MF $@.d -o $@ $<
-include build/compare/small.d build/compare/small-glibc.d

compare.programs := $(addprefix build/compare/,compare small small-glibc)
build/compare/exo.cpio build/compare/linux.cpio: build/compare/%.cpio: \
		scripts/mkinitrd.py $(compare.programs)
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) scripts/mkinitrd.py -o $@ $(compare.programs) \
		$(if $(filter linux,$*),--compact)

build/compare/vmlinuz: | scripts/linux.sh
	$(call say,FETCH,$@)
	$(Q)scripts/linux.sh $@

# A module that counts inside Linux itself; for the kernel that was fetched.
compare.inside := $(if $(filter build/compare/vmlinuz,$(LINUX)),\
	build/compare/inside.cpio)
build/compare/inside.cpio: bench/linux/inside.c scripts/linux_inside.sh \
		scripts/mkinitrd.py | build/compare/vmlinuz
	$(call say,FETCH,$@)
	$(Q)scripts/linux_inside.sh build/compare/vmlinuz.version $< $@

compare: build/exo.elf build/exo.stripped build/compare/exo.cpio \
		build/compare/linux.cpio $(LINUX) $(compare.inside)
	$(Q)$(PYTHON) scripts/compare_kernels.py '$(LINUX)' \
		$(addprefix --inside ,$(compare.inside)) $(if $(ACCEPT),--accept)

bench: build/exo.elf build/initrd.cpio build/compare/exo.cpio
	$(Q)$(PYTHON) scripts/bench_counted.py $(if $(ACCEPT),--accept)

bench-machine: build/exo.elf build/exo.stripped build/initrd.cpio \
		build/compare/exo.cpio
	$(Q)$(PYTHON) scripts/bench_machine.py

# With ALL each command that measures runs first, one after the other.
ratios:
	$(Q)$(if $(ALL),for goal in bench compare bench-machine bench-host; do \
		$(MAKE) $$goal || exit; done)
	$(Q)$(PYTHON) scripts/ratios.py $(if $(ACCEPT),--accept)

# ---- Tests and checks -------------------------------------------------------

test: all build/debug/exo.elf build/preempt/exo.elf build/explore/exo.elf \
		build/host_tests \
		build/thread_tests build/tests.cpio build/compare/exo.cpio
	$(Q)tests/run

check: check-floors check-headers check-format check-clang check-percpu

check-percpu: build/exo.elf
	$(Q)scripts/check_percpu.sh $(filter %.c.o,$(release.objs))

check-floors:
	$(Q)$(PYTHON) scripts/check_floors.py

check-headers: build/gen/font.inc
	$(Q)scripts/check_headers.sh $(CC) $(freestanding) $(includes) \
		$(warnings)

check-format:
	$(Q)git ls-files '*.c' '*.h' | xargs $(FORMAT) --dry-run --Werror

checked-c := $(sort $(kernel-y) $(tests-y) $(ktests-y))
check-clang: $(patsubst %,build/clang/%.ok,$(checked-c))

# Clang reads each file as well: other eyes, no object.
$(eval $(call stamp,build/clang/flags,$$(CLANG) $$(cflags)))
build/clang/%.c.ok: %.c build/clang/flags | build/gen/font.inc
	@mkdir -p $(@D)
	$(Q)$(CLANG) --target=x86_64-elf $(filter-out -mstack-protector-guard=% \
		-mpreferred-stack-boundary=%,\
		$(cflags)) -DEXO_DEBUG=1 -DEXO_FOLDER=tests -fsyntax-only -MMD -MP -MF $@.d -MT $@ $<
	@touch $@
-include $(patsubst %,build/clang/%.ok.d,$(checked-c))

format:
	$(Q)git ls-files '*.c' '*.h' | xargs $(FORMAT) -i

# ---- The rest ---------------------------------------------------------------

size: build/exo.stripped
	$(Q)$(PYTHON) scripts/size.py build/exo.elf build/exo.stripped \
		build/release/exo.map

# What the sources say better than a writer could.
docs:
	$(Q)$(PYTHON) scripts/syscalls.py < posix/syscalls.def > docs/syscalls.md

toolchain:
	$(Q)scripts/toolchain.sh '$(PREFIX)'

clean:
	$(Q)rm -rf build
