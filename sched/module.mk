# SPDX-License-Identifier: MIT
kernel-y += sched/fair.c sched/sched.c sched/ready.c sched/switch.c \
	sched/balance.c \
	sched/thread.c sched/kstack.c sched/keeper.c sched/waitq.c \
	sched/mutex.c sched/semaphore.c sched/worker.c sched/poll.c sched/lend.c \
	sched/tick.c
hot-y += sched/fair.c sched/sched.c sched/ready.c sched/switch.c sched/waitq.c \
	sched/mutex.c sched/semaphore.c
frameless-y += sched/switch.c
kernel-y += sched/stack_depth.c
