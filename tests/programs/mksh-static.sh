# SPDX-License-Identifier: MIT
# What mksh, linked with klibc, asks of the kernel.
typeset -i n=16#ff; print $n
set -A array x y z; print ${array[1]} ${#array[*]}
for i in 1 2 3; do (exit $i); print $?; done
print $(seq 1 10 | while read x; do print -n $((x * x)).; done)
trap 'print usr2' USR2; kill -USR2 $$
[[ abc == a?c ]] && print match
function g { typeset l=local; print $l $0; }; g
print -r -- "${array[*]}" > f; read a b c < f; print $c $b $a
(ulimit -n 16; ulimit -n)
cd /; pwd; cd - > /dev/null
umask 027; : > masked; stat -c %a masked
cat |& p=$!; print -p through a co-process; read -p line; print "$line"
