/* SPDX-License-Identifier: MIT */
/*
 * The first program: prepares the system for a person and starts a login
 * shell on the console, whose end is its own.  Takes in orphans meanwhile.
 *
 * /etc/rc is run first if there is one.  Signals ask for the machine's end, as
 * busybox sends them: SIGTERM reboot, SIGUSR1 halt, SIGUSR2 poweroff.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TERMINAL "/dev/console"
#define SHELL    "/bin/sh"
#define RC       "/etc/rc"

/* What a program gets that asks to end has to end. */
#define GRACE_US 200000

static void end_machine(int signal_number)
{
	int how = signal_number == SIGTERM   ? RB_AUTOBOOT
		  : signal_number == SIGUSR1 ? RB_HALT_SYSTEM
					     : RB_POWER_OFF;

	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	usleep(GRACE_US);
	kill(-1, SIGKILL);
	sync();
	reboot(how);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = end_machine };

	sigfillset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
}

/* What the kernel has mounted already is there already. */
static void mount_one(const char *what, const char *where)
{
	if (mount(what, where, what, 0, NULL) != 0 && errno != EBUSY &&
	    errno != ENOSYS) {
		fprintf(stderr, "init: %s: %s\n", where, strerror(errno));
	}
}

static void set_hostname(void)
{
	char name[64];
	FILE *file = fopen("/etc/hostname", "r");

	if (file != NULL && fscanf(file, "%63s", name) == 1) {
		sethostname(name, strlen(name));
	}
	if (file != NULL) {
		fclose(file);
	}
}

/* The command line's words win. */
static void set_environment(void)
{
	setenv("PATH", "/sbin:/usr/sbin:/bin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 0);
	setenv("LOGNAME", "root", 0);
	setenv("SHELL", SHELL, 0);
	setenv("TERM", "linux", 0);
}

static void show_file(const char *path)
{
	char text[512];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && (n = read(fd, text, sizeof(text))) > 0) {
		if (write(STDOUT_FILENO, text, (size_t)n) != n) {
			break;
		}
	}
	if (fd >= 0) {
		close(fd);
	}
}

/* A session of its own, with the console as its terminal. */
static void take_terminal(void)
{
	int fd;

	setsid();
	fd = open(TERMINAL, O_RDWR);
	if (fd < 0) {
		return;
	}
	ioctl(fd, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++) {
		dup2(fd, i);
	}
	if (fd > 2) {
		close(fd);
	}
}

static void exec_shell(const char *const argv[])
{
	execv(SHELL, (char *const *)argv);
	perror("init: " SHELL);
	_exit(127);
}

/* Waits for that child's end, and for any other's meanwhile. */
static int wait_for(pid_t child)
{
	int status;
	pid_t ended;

	do {
		ended = wait(&status);
	} while (ended != child && (ended >= 0 || errno == EINTR));
	if (ended < 0) {
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Its exit status; on a kernel that cannot fork there is only this program. */
static int run_shell(const char *const argv[])
{
	pid_t child = fork();

	if (child < 0 && errno != ENOSYS) {
		perror("init: fork");
		return 1;
	}
	if (child <= 0) {
		take_terminal();
		exec_shell(argv);
	}
	return wait_for(child);
}

int main(void)
{
	const char *const rc[] = { "sh", RC, NULL };
	const char *const login[] = { "-sh", NULL };

	if (getpid() != 1) {
		fprintf(stderr, "init: only the kernel starts me\n");
		return 1;
	}
	catch_signals();
	mount_one("proc", "/proc");
	set_hostname();
	set_environment();
	if (access(RC, R_OK) == 0) {
		run_shell(rc);
	}
	show_file("/etc/motd");
	(void)!chdir("/root");
	return run_shell(login);
}
