/* SPDX-License-Identifier: MIT */
/*
 * Files on their way through sockets, and those that only such files can reach.
 * See I5 in fs/socket_private.h.
 *
 * A socket that is carried in the queue of another may carry that one in turn,
 * or itself: then the references never end.  So it is known which sockets
 * travel and who carries them: flights.sockets has each that does either.  A
 * socket is reached if somebody else has a reference to its file (it has more
 * than travel), and all that a reached one carries is.  What is not reached
 * never will be: nobody has it who could send or receive it.  Its queue is
 * emptied, and with that its files are closed.
 *
 * Who takes a message out has another reference before the flight ends, who
 * sends one gives his away after it has begun: so between the two no socket
 * looks lost that is not.
 */
#include "fs/socket_private.h"

#include "lib/errno.h"
#include "mm/kmem.h"

struct flight {
	struct list link;       /* [f] in carrier->carried */
	struct socket *target;  /* [I] NULL: no socket */
	struct socket *carrier; /* [f] NULL: it does not travel */
};

struct right {
	struct cap cap;
	struct flight flight;
};

struct socket_rights {
	u32 count; /* of them */
	u32 next;  /* to be taken */
	bool counted;
	struct right right[];
};

static struct {
	struct mutex mutex;  /* LOCK_FLIGHTS */
	struct list sockets; /* [mutex] that travel or carry */
	u32 count;           /* [mutex] sockets that travel */
	bool collecting;     /* [mutex] somebody is in flights_collect() */
	u32 files;           /* [a] of any kind that do */
} flights = {
	.mutex = MUTEX_INIT(flights.mutex, LOCK_FLIGHTS),
	.sockets = LIST_INIT(flights.sockets),
};

/* Messages to be given back; one thread at a time does it for all. */
static struct {
	struct spinlock lock;
	struct list messages; /* [lock] */
	bool busy;            /* [lock] */
} drops = {
	.lock = SPINLOCK_INIT(LOCK_SOCKETS),
	.messages = LIST_INIT(drops.messages),
};

struct socket_rights *socket_rights_create(u32 count)
{
	struct socket_rights *r =
		kmalloc(sizeof(*r) + count * sizeof(r->right[0]));

	if (r != NULL) {
		r->count = r->next = 0;
		r->counted = false;
	}
	return r;
}

void socket_rights_add(struct socket_rights *rights, struct cap cap)
{
	struct right *right = &rights->right[rights->count++];

	right->cap = cap;
	right->flight.target = socket_of(cap_object(cap));
	right->flight.carrier = NULL;
}

u32 socket_rights_count(const struct socket_rights *rights)
{
	return rights ? rights->count - rights->next : 0;
}

struct cap socket_rights_take(struct socket_rights *rights)
{
	return rights->right[rights->next++].cap;
}

struct socket_rights *socket_rights_copy(const struct socket_rights *from)
{
	struct socket_rights *r = socket_rights_create(from->count);

	for (u32 i = 0; r != NULL && i < from->count; i++) {
		struct cap cap = from->right[i].cap;

		file_get(cap_object(cap));
		cap_node_get(cap);
		socket_rights_add(r, cap);
	}
	return r;
}

void socket_rights_free(struct socket_rights *rights)
{
	if (rights == NULL) {
		return;
	}
	flights_end(rights);
	while (socket_rights_count(rights) > 0) {
		cap_drop(socket_rights_take(rights));
	}
	kfree(rights);
}

u32 socket_rights_travelling(void)
{
	return READ_ONCE(flights.files);
}

/* It travels or carries, or does not any more. */
static void involve_locked(struct socket *s)
{
	bool is = s->travels > 0 || !list_empty(&s->carried);

	if (is != !list_empty(&s->involved)) {
		if (is) {
			list_push_back(&flights.sockets, &s->involved);
		} else {
			list_remove(&s->involved);
		}
	}
}

static void flight_begin_locked(struct flight *f, struct socket *carrier)
{
	f->carrier = carrier;
	list_push_back(&carrier->carried, &f->link);
	flights.count += f->target->travels++ == 0;
	involve_locked(f->target);
	involve_locked(carrier);
}

static void flight_end_locked(struct flight *f)
{
	struct socket *carrier = f->carrier;

	f->carrier = NULL;
	list_remove(&f->link);
	flights.count -= --f->target->travels == 0;
	involve_locked(f->target);
	involve_locked(carrier);
}

void flights_begin(struct socket_rights *rights, struct socket *to)
{
	rights->counted = true;
	__atomic_fetch_add(&flights.files, rights->count, __ATOMIC_RELAXED);
	WITH_MUTEX (&flights.mutex) {
		for (u32 i = 0; i < rights->count; i++) {
			struct flight *f = &rights->right[i].flight;

			if (f->target != NULL) {
				flight_begin_locked(f, to);
			}
		}
	}
}

void flights_end(struct socket_rights *rights)
{
	if (!rights->counted) {
		return;
	}
	rights->counted = false;
	__atomic_fetch_sub(&flights.files, rights->count, __ATOMIC_RELAXED);
	WITH_MUTEX (&flights.mutex) {
		for (u32 i = 0; i < rights->count; i++) {
			struct flight *f = &rights->right[i].flight;

			if (f->target != NULL && f->carrier != NULL) {
				flight_end_locked(f);
			}
		}
	}
}

void flights_end_all(struct socket *carrier)
{
	WITH_MUTEX (&flights.mutex) {
		carrier->file = NULL;
		while (!list_empty(&carrier->carried)) {
			flight_end_locked(list_first(&carrier->carried,
						     struct flight, link));
		}
	}
}

/* One more that is reached, and what it carries is next. */
static void reach_locked(struct socket *s, struct list *walk)
{
	if (!s->reached) {
		s->reached = true;
		list_push_back(walk, &s->walk);
	}
}

/* Marks all that somebody can reach. */
static void reach_all_locked(void)
{
	struct list walk, *at;

	list_init(&walk);
	list_for_each (link, &flights.sockets) {
		struct socket *s = list_entry(link, struct socket, involved);

		s->reached = false;
		if (s->file == NULL || s->travels == 0 ||
		    READ_ONCE(s->file->refs) > s->travels) {
			reach_locked(s, &walk);
		}
	}
	while ((at = list_pop_front(&walk)) != NULL) {
		struct socket *s = list_entry(at, struct socket, walk);

		list_for_each (link, &s->carried) {
			reach_locked(
				list_entry(link, struct flight, link)->target,
				&walk);
		}
	}
}

/* Those that are not reached, with references. */
static void find_lost_locked(struct list *lost)
{
	reach_all_locked();
	list_for_each (link, &flights.sockets) {
		struct socket *s = list_entry(link, struct socket, involved);

		if (!s->reached) {
			list_push_back(lost, &socket_get(s)->walk);
		}
	}
}

/*
 * What is closed here closes others, which come here again: they leave it to
 * who is there already, who looks until nothing is lost.
 */
void flights_collect(void)
{
	struct list lost, *at;
	bool entered = false;

	if (READ_ONCE(flights.count) == 0) {
		return;
	}
	list_init(&lost);
	for (;;) {
		WITH_MUTEX (&flights.mutex) {
			if (!entered && flights.collecting) {
				return;
			}
			entered = true;
			find_lost_locked(&lost);
			flights.collecting = !list_empty(&lost);
		}
		if (list_empty(&lost)) {
			return;
		}
		while ((at = list_pop_front(&lost)) != NULL) {
			struct socket *s = list_entry(at, struct socket, walk);

			socket_empty(s);
			socket_put(s);
		}
	}
}

static void message_drop(struct message *m)
{
	socket_rights_free(m->rights);
	socket_name_put(m->name);
	kfree(m);
}

/*
 * A file that is closed here may be a socket with messages of its own, and so
 * on: they are put into the same list, so that no chain of them, however long,
 * takes more than one stack frame.
 */
void socket_messages_drop(struct list *messages)
{
	struct list *at;

	spin_lock(&drops.lock);
	list_splice_back(&drops.messages, messages);
	if (!drops.busy) {
		drops.busy = true;
		while ((at = list_pop_front(&drops.messages)) != NULL) {
			spin_unlock(&drops.lock);
			message_drop(list_entry(at, struct message, link));
			spin_lock(&drops.lock);
		}
		drops.busy = false;
	}
	spin_unlock(&drops.lock);
}
