# SPDX-License-Identifier: MIT
# What the shell itself asks of the kernel.
true; echo $?
false; echo $?
nosuchcommand 2> /dev/null; echo $?
/etc/passwd 2> /dev/null; echo $?
(exit 7); echo $?
! true; echo $?
sh -c 'exit 300'; echo $?
sh -c 'kill -9 $$'; echo $?
sh -c 'kill -TERM $$'; echo $?
sh -c 'kill -SEGV $$' 2> /dev/null; echo $?
echo "sub $(echo command $(echo nested))"
x=$(seq 1 30000); echo ${#x}
cat << HERE
here $((6 * 7)) ${x%%[!0-9]*}
HERE
cat <<- 'HERE'
	quoted $x
	HERE
echo out > f; echo err >&2 2>> f; cat f
{ echo grouped; echo lines; } | sort | tr '\n' ' '; echo
(cd /; pwd); f() { local y=$1; echo "f $y $#"; return 3; }
f a b; echo $?
for i in 1 2 3; do test $i = 2 && continue; echo $i; done
i=0; while [ $i -lt 5 ]; do i=$((i + 1)); done; echo $i
until [ $i = 0 ]; do i=$((i - 1)); done; echo $i
case abc in a*) echo match;; esac
set -- -a -b value rest
while getopts ab: o; do echo "$o $OPTARG"; done
echo "left $((OPTIND - 1))"
printf '1 2 3\n4 5 6\n' | while read a b c; do echo "$c $b $a"; done
read line < /dev/null || echo end of file
IFS=: read a b << 'HERE'
x:y:z
HERE
echo "$a $b"
trap 'echo trapped' USR1; kill -USR1 $$; echo after
trap '' USR2; kill -USR2 $$; echo ignored
trap - USR1
(trap 'echo exit trap' EXIT; exit 4); echo $?
sleep 0.05 & wait $!; echo waited $?
(exit 9) & wait $!; echo $?
sleep 100 & p=$!; kill $p; wait $p; echo $?
for i in 1 2 3 4 5 6 7 8; do (sleep 0.0$i; exit $i) & done; wait; echo all
sh -c 'trap "echo got it; exit 5" TERM; kill -TERM $$; sleep 1'; echo $?
timeout 0.1 sleep 10; echo $?
timeout -s KILL 0.1 sleep 10 2> /dev/null; echo $?
timeout 5 echo in time
yes | head -n 1
yes 2> /dev/null | head -n 100000 | tail -n 1
seq 1 100000 | (read x; echo first $x)
sh -c 'yes; echo $? >&2' 2>&1 > /dev/full | tail -n 1
echo to full > /dev/full 2> /dev/null || echo no space $?
cat /dev/null | wc -c
head -c 1000 /dev/zero | tr '\0' x | wc -c
head -c 32 /dev/urandom | wc -c
test -c /dev/null && echo a device
test -t 0 < /dev/null || echo no terminal
exec 3> three; echo to three >&3; exec 3>&-; cat three
exec 4<> three; read l <&4; echo "$l"; echo more >&4; exec 4>&-; cat three
cat < three > copy; cat copy three | wc -l
echo a > noclobber; set -C; echo b > noclobber; set +C; cat noclobber
ulimit -n | grep -q . && echo a limit
(ulimit -n 20; ulimit -n)
(ulimit -n 8; exec 3< /dev/null 4< /dev/null 5< /dev/null 6< /dev/null 7< /dev/null; cat /dev/null 2> /dev/null; echo $?)
umask 077; echo > private; stat -c %a private; umask 022
env -i A=1 B=2 sh -c 'echo $A$B ${HOME-unset}' ; A=5 sh -c 'echo $A'
export V=exported; sh -c 'echo $V'
cat > script << 'HERE'
#!/bin/sh
echo "script $0 $1"
HERE
chmod +x script; ./script argument | sed 's|/.*/||'
printf '#!/bin/cat\nshown\n' > shown; chmod +x shown; ./shown
printf '#!./script with one argument\n' > nested; chmod +x nested; ./nested x
echo 'echo no line of its own' > plain; chmod +x plain; ./plain
printf '\177ELFgarbage' > bad; chmod +x bad; ./bad 2> /dev/null; echo $?
chmod -x plain; ./plain 2> /dev/null; echo $?
mkdir d; ./d 2> /dev/null; echo $?
sh -c 'echo $PPID' | grep -q "^$$\$" && echo the parent
sh -c ': $$; (sh -c "echo nested \$((1 + 1))")'
nohup echo not hung up 2> /dev/null
setsid sh -c 'echo a session'
id -u; id -un; whoami; id
echo $((0x10 + 010 + 1)) $((7 / 2)) $((-7 % 3)) $((1 << 40))
echo *.none [a-c]* ~root | wc -w
sleep 0.2 & sleep 0.1 & jobs | wc -l; wait
(sleep 5 & echo $! > pid); kill $(cat pid); echo killed $?
kill -0 $$ && echo alive
kill -0 99999 2> /dev/null || echo no such process
kill -l 15
mkfifo p; (for i in 1 2 3; do echo $i; done > p) & cat p; wait
(echo a; sleep 0.05; echo b) | (read x; read y; echo "$y$x")
echo "$(printf 'no newline')|"
set -e; (false || true); echo survived
