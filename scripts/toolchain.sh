#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds binutils and GCC for x86_64-elf from Debian's own source packages.
# Takes about 13 minutes on two processors and 3.1 GB while it builds.
# Usage: toolchain.sh PREFIX  (installed there; the Makefile then finds it)
set -eu

prefix=$1
target=x86_64-elf
jobs=$(nproc)
gcc_dir=$(find /usr/src -maxdepth 1 -name 'gcc-[0-9]*' | sort -V | tail -n 1)
gcc_tar=$(find "${gcc_dir:-/nowhere}" -name 'gcc-*.tar.*' 2> /dev/null | head -n 1)
binutils_tar=$(find /usr/src/binutils -name 'binutils-*.tar.*' 2> /dev/null |
	head -n 1)
[ -n "$gcc_tar" ] && [ -n "$binutils_tar" ] || {
	echo "toolchain.sh needs the Debian packages binutils-source," \
		"gcc-12-source (or newer), libgmp-dev, libmpfr-dev," \
		"libmpc-dev, flex, bison and texinfo" >&2
	exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/toolchain.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
PATH=$prefix/bin:$PATH
export PATH

tar xf "$binutils_tar"
mkdir binutils-build
cd binutils-build
../binutils-[0-9]*/configure --target=$target --prefix="$prefix" \
	--with-sysroot --disable-nls --disable-werror --disable-gdb \
	--disable-gprofng
make -j"$jobs" MAKEINFO=true
make install MAKEINFO=true
cd ..

tar xf "$gcc_tar"
cd gcc-[0-9]*/
patch -p2 < "$gcc_dir/patches/gcc-gfdl-build.diff"
cd ..
mkdir gcc-build
cd gcc-build
../gcc-[0-9]*/configure --target=$target --prefix="$prefix" \
	--enable-languages=c --without-headers --disable-bootstrap \
	--disable-shared --disable-nls --disable-multilib
make -j"$jobs" all-gcc MAKEINFO=true
make install-gcc MAKEINFO=true
# libgcc for the kernel's code model, and not position independent.
make configure-target-libgcc
sed -i s/PICFLAG/DISABLED_PICFLAG/g $target/libgcc/Makefile
make -j"$jobs" all-target-libgcc \
	CFLAGS_FOR_TARGET='-g -O2 -mcmodel=kernel -mno-red-zone'
make install-target-libgcc
"$prefix/bin/$target-gcc" --version
