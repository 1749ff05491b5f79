# SPDX-License-Identifier: MIT
# The applets that work on files and directories.
umask 022
mkdir -p a/b/c a/d 'with space'
mkdir a 2> /dev/null || echo mkdir failed: $?
echo one > a/one
echo two > a/b/two
echo three > a/b/c/three
seq 1 10000 > a/d/numbers
: > a/d/empty
echo space > 'with space/file name'
ln -s b/two a/link
ln -s nowhere a/dangling
ln a/one a/hard
ls a
ls -a a
ls -F a
ls -R a
ls -1 'with space'
ls -d a/*
ls missing 2> /dev/null || echo ls failed: $?
stat -c '%n %A %h %F' a; stat -c '%n %s %A %h %F' a/one a/link a/hard a/d/numbers
stat -L -c '%n %s %F' a/link
readlink a/link
cat a/link
cat a/dangling 2> /dev/null || echo cat failed: $?
test -e a/dangling || echo dangling
test -L a/dangling && echo a link
test a/one -ef a/hard && echo the same file
find a | sort
find a -type f | sort
find a -type l | sort
find a -name '*t*' | sort
find a -size +10k
find a -empty
find a -type f -exec wc -c {} \; | sort
find a -type d -exec echo dir {} + | wc -w
find . -name 'file*' -print0 | xargs -0 cat
chmod 640 a/one
chmod u+x,g-r a/hard
stat -c '%a %n' a/one a/hard
chmod -R go-w a
chmod 4755 a/one; stat -c '%a %A' a/one
chmod 755 a/one
cp a/one copy
cp -a a copied
rm a/dangling copied/dangling
diff -r a copied && echo same trees
cp -r a/b elsewhere
ls elsewhere elsewhere/c
cp a/one a/b/two a/d
ls a/d
cp a/one missing/x 2> /dev/null || echo cp failed: $?
mv copy moved
mv moved a/d
mv a/d e
ls e
mv e a/b/c
ls a/b/c/e
mv a/b a/b/c 2> /dev/null || echo mv into itself failed: $?
rm copied 2> /dev/null || echo rm failed: $?
rm -r copied
test -e copied || echo gone
rm a/hard
stat -c %h a/one
rmdir a 2> /dev/null || echo rmdir failed: $?
mkdir empty && rmdir empty && echo removed
touch -d '2020-01-02 03:04:05' dated
TZ=UTC stat -c %Y dated
TZ=UTC ls -l dated | tr -s ' ' | cut -d ' ' -f 6-
TZ=UTC date -r dated '+%F %T'
touch newer
test newer -nt dated && echo newer
find . -maxdepth 1 -newer dated -type f
tar cf tree.tar a
tar tf tree.tar | sort
mkdir out
tar xf tree.tar -C out
diff -r a out/a && echo tar kept it
tar czf tree.tar.gz a
tar xzOf tree.tar.gz a/b/two
find a | sort | cpio -o -H newc 2> /dev/null > tree.cpio
mkdir out2
(cd out2 && cpio -i -d < ../tree.cpio 2> /dev/null && find . -type f | sort)
gzip -c a/b/c/e/numbers > numbers.gz
gunzip -c numbers.gz | cmp - a/b/c/e/numbers && echo gzip kept it
zcat numbers.gz | tail -n 1
bzip2 -c a/b/c/e/numbers | bunzip2 | md5sum
xz -dc < /dev/null 2> /dev/null || echo no xz
dd if=a/b/c/e/numbers of=part bs=100 skip=2 count=3 2> /dev/null
wc -c part
head -c 12 part
dd if=/dev/zero bs=1k count=64 2> /dev/null | md5sum
dd if=part of=part bs=1 seek=1000 count=5 conv=notrunc 2> /dev/null
wc -c part
truncate -s 1M sparse
stat -c %s sparse
du -s sparse | cut -f 1
truncate -s 3 part; od -c part
echo appended >> part; cat part
du -a a | wc -l
pwd | sed 's|.*/||'
cd a/b; pwd | sed 's|.*/a|a|'; cd ../..
cd a/link 2> /dev/null || echo cd failed: $?
realpath a/b/../one | sed 's|.*/a|a|'
basename /x/y.c .c; dirname /x/y.c
mktemp -u tXXXXXX | wc -c
f=$(mktemp ./tXXXXXX); test -f "$f" && stat -c %a "$f"; rm "$f"
mkfifo fifo
stat -c %F fifo
(echo through the fifo > fifo &) ; cat fifo
ln -sf a/one link; ln -sf a/b link2; readlink link; readlink link2
ln a/b hardlink 2> /dev/null || echo no link to a directory: $?
: > 'quo"te'; ls | grep quo; rm 'quo"te'
for i in $(seq 1 300); do echo $i > many.$i; done
ls many.* | wc -l
cat many.* | sort -n | tail -n 1
rm many.*
ls many.* 2> /dev/null | wc -l
echo shared > shared
exec 5< shared
rm shared
cat <&5
exec 5<&-
sha256sum a/one a/b/c/e/numbers
rm -rf a out out2; ls
