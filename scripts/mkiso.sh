#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Makes the hybrid BIOS and UEFI image: GRUB with only the modules that the
# boot needs, the stripped kernel, the root file system, one menu entry.
#
# Usage: mkiso.sh OUT.iso KERNEL INITRD [COMMAND LINE]
# With INITRD empty the image carries none. Equal input gives equal bytes if
# faketime(1) is there (the FAT image of the UEFI half holds the time of day).
set -eu

out=$1 kernel=$2 initrd=$3 cmdline=${4-}
modules="normal multiboot2 serial iso9660 terminal test search search_fs_file \
all_video echo boot gzio xzio part_msdos part_gpt part_acorn part_amiga \
part_bsd part_dfly part_dvh part_plan part_sun part_sunpc"

for half in i386-pc:BIOS:grub-pc-bin x86_64-efi:UEFI:grub-efi-amd64-bin; do
	folder=${half%%:*} rest=${half#*:}
	[ -d "/usr/lib/grub/$folder" ] ||
		echo "mkiso.sh: the image will not boot on ${rest%%:*}:" \
			"package ${rest#*:} is missing" >&2
done

tree=$(mktemp -d)
trap 'rm -rf "$tree" "$tree.log"' EXIT
mkdir -p "$tree/boot/grub"
cp "$kernel" "$tree/boot/exo.elf"
[ -z "$initrd" ] || cp "$initrd" "$tree/boot/initrd.cpio"

# GRUB reads a line as a shell does and hands words with blanks over in double
# quotes again, so the words stand as they are; only `$` would be expanded.
quoted=$(printf '%s' "$cmdline" | sed 's/[$]/\\&/g')
cat > "$tree/boot/grub/grub.cfg" <<END
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=0
if [ "\$grub_platform" = efi ]; then
	insmod all_video
	set gfxpayload=auto
else
	set gfxpayload=text
fi
menuentry 'Exo-OS' {
	multiboot2 /boot/exo.elf $quoted
${initrd:+	module2 /boot/initrd.cpio initrd}
}
END

export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1700000000}" TZ=UTC
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
set -- grub-mkrescue -o "$out" --install-modules="$modules" \
	--locales= --themes= --fonts= "$tree"
if command -v faketime > /dev/null; then
	now=$(date -d "@$SOURCE_DATE_EPOCH" '+%Y-%m-%d %H:%M:%S')
	set -- faketime -f "$now" "$@"
fi
mkdir -p "$(dirname "$out")"
"$@" > "$tree.log" 2>&1 || {
	cat "$tree.log" >&2
	exit 1
}
