/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals at their ends, where programs cannot be fast enough.
 */
#include "arch/user.h"
#include "drivers/pty.h"
#include "drivers/termios.h"
#include "lib/errno.h"
#include "tests/ktest.h"
#include "tests/user_space.h"

#define BASE     0x40000000ul
#define POLL_HUP 0x10u

KTEST(pty_opened_late, "a slave opened as its master ends is hung up")
{
	struct aspace *space = user_space_enter();
	struct tty *master, *slave;
	struct tty_opening late;

	EXPECT(space != NULL);
	EXPECT_EQ(user_space_map(space, BASE, PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(pty_create(&master), 0);
	EXPECT_EQ(pty_ioctl(master, TTY_TIOCSPTLCK, uaddr(BASE)), 0);
	EXPECT_EQ(pty_find_slave(pty_number(master), &slave), 0);
	pty_close(master);
	late = tty_open(slave);
	EXPECT(tty_poll(&late, NULL) & POLL_HUP);
	EXPECT_EQ(pty_find_slave(pty_number(slave), &master), -EIO);
	tty_close(slave);
	user_space_leave(space);
}
