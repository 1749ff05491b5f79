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

tar_in() {
	find "$1" -name "$2-[0-9]*.tar.*" 2> /dev/null | head -n 1
}
gcc_tar=$(tar_in "${gcc_dir:-/nowhere}" gcc)
binutils_tar=$(tar_in /usr/src/binutils binutils)
if [ -z "$gcc_tar" ] || [ -z "$binutils_tar" ]; then
	echo "toolchain.sh needs the Debian packages binutils-source," \
		"gcc-12-source, patch, libgmp-dev, libmpfr-dev," \
		"libmpc-dev, flex, bison and g++" >&2
	exit 1
fi

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
