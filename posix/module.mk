# SPDX-License-Identifier: MIT
kernel-y += posix/elf.c
hostsrc-y += posix/elf.c
kernel-y += posix/process.c posix/pid.c posix/exit.c posix/start.c \
	posix/fork.c posix/wait.c posix/oom.c posix/credentials.c posix/rlimit.c \
	posix/sys_system.c posix/sys_sched.c posix/session.c posix/usage.c posix/futex.c posix/robust.c \
	posix/args.c posix/script.c posix/program_open.c \
	posix/load.c posix/exec.c posix/exec_stack.c posix/init.c posix/signal.c \
	posix/signal_deliver.c posix/signal_child.c posix/kill.c \
	posix/sys_signal.c posix/syscall.c posix/syscall_show.c \
	posix/sys_memory.c posix/sys_memory_advice.c posix/sys_process.c \
	posix/sys_time.c posix/itimer.c \
	posix/user_fault.c
kernel-y += posix/descriptors.c posix/place.c posix/proc.c \
	posix/proc_process.c posix/proc_status.c posix/proc_memory.c \
	posix/proc_trace.c posix/unshare.c posix/sys_attributes.c posix/sys_stat.c \
	posix/sys_descriptors.c posix/sys_file.c posix/sys_mount.c \
	posix/sys_names.c posix/sys_open.c posix/sys_pipe.c posix/sys_lock.c posix/sys_poll.c
hot-y += posix/descriptors.c posix/place.c posix/sys_file.c posix/sys_open.c
kernel-y += posix/signal_take.c posix/cut.c
hot-y += posix/signal.c posix/signal_take.c posix/signal_deliver.c
kernel-y += posix/tty_jobs.c posix/sys_machine.c posix/sys_xattr.c
kernel-y += posix/anon_file.c posix/sys_epoll.c posix/sys_eventfd.c \
	posix/sys_transfer.c posix/posix_timer.c posix/timer_setting.c \
	posix/sys_timerfd.c posix/sys_signalfd.c posix/sys_memfd.c
hot-y += posix/sys_epoll.c posix/sys_eventfd.c
kernel-y += posix/sys_ring.c posix/sys_gate.c posix/sys_capability.c \
	posix/sys_parcel.c
hot-y += posix/sys_gate.c
kernel-y += posix/sys_socket.c posix/sys_socket_options.c posix/sys_message.c posix/message_control.c
