/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked list: a circle through a head that holds no data.
 * The caller guards it; nothing here locks or allocates.
 */
#ifndef EXO_LIB_LIST_H
#define EXO_LIB_LIST_H

#include "lib/types.h"

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(head)          \
	{                        \
		&(head), &(head) \
	}

static inline void list_init(struct list *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert_between(struct list *node, struct list *prev,
				       struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

/* Makes `node` the first of the list. */
static inline void list_push_front(struct list *head, struct list *node)
{
	list_insert_between(node, head, head->next);
}

/* Makes `node` the last of the list. */
static inline void list_push_back(struct list *head, struct list *node)
{
	list_insert_between(node, head->prev, head);
}

/* Takes `node` out of its list and leaves it an empty list of its own. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Takes out and returns the first node, or NULL of an empty list. */
static inline struct list *list_pop_front(struct list *head)
{
	struct list *node = head->next;

	if (node == head) {
		return NULL;
	}
	list_remove(node);
	return node;
}

/* Takes out the first node, which there is and which is in no list then. */
static inline void list_drop_front(struct list *head)
{
	struct list *second = head->next->next;

	head->next = second;
	second->prev = head;
}

/* Moves all nodes of `from` to the end of `to`; `from` ends empty. */
static inline void list_splice_back(struct list *to, struct list *from)
{
	if (list_empty(from)) {
		return;
	}
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(node, type, member) container_of(node, type, member)

#define list_first(head, type, member) list_entry((head)->next, type, member)

/* `pos` is a struct list *; the body must not remove `pos`. */
#define list_for_each(pos, head) \
	for (struct list *pos = (head)->next; pos != (head); pos = pos->next)

/* As list_for_each, but the body may remove `pos`. */
#define list_for_each_safe(pos, head)                                  \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; \
	     pos != (head); pos = pos##_next, pos##_next = pos->next)

#endif
