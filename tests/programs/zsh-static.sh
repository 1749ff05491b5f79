# SPDX-License-Identifier: MIT
# What zsh asks of the kernel.
typeset -A map; map=(one 1 two 2); print -l ${(ok)map} ${(ov)map}
list=(c a b); print ${(o)list} ${#list} ${list[-1]}
print ${(U)list[1]} ${(j:-:)list} ${${:-kernel}[2,4]}
mkdir -p z/y; touch z/1 z/2 z/y/3; print -l z/**/*(.) ; print z/*(/)
print =(echo temporary) > /dev/null; cat =(echo through a file) <(echo through a pipe)
for i in {1..3}; do (print $i) & wait; done; print waited
print one > f; print two >> f; cat < f; print both > f1 > f2; cat f1 f2
coproc { read x; print back $x }; print -p forth; read -p y; print $y
{ print always } always { print finally }
trap 'print usr1' USR1; kill -USR1 $$; trap - USR1
print $(( 2 ** 40 )) $(( 7.0 / 2 ))
zmodload zsh/stat 2> /dev/null; print ${?}
sleep 100 & kill $!; wait $!; print $?
read -t 0.05 x < <(sleep 1) || print timed out
sum=0; seq 1 1000 | while read n; do (( sum += n )); done; print $sum
print -n no newline | wc -c
