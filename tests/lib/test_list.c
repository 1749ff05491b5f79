/* SPDX-License-Identifier: MIT */
/*
 * lib/list.h: order, removal during a walk, splicing.
 */
#include "lib/list.h"
#include "tests/ktest.h"

#define ITEM_COUNT 8

struct item {
	int number;
	struct list node;
};

/* Numbers the items and appends them. */
static void fill(struct list *head, struct item *items, int first)
{
	for (int i = 0; i < ITEM_COUNT; i++) {
		items[i].number = first + i;
		list_push_back(head, &items[i].node);
	}
}

/* True if the list holds first, first + 1, ... and its links agree. */
static bool holds_run(const struct list *head, int first, int count)
{
	const struct list *prev = head;

	list_for_each (pos, head) {
		if (pos->prev != prev || count-- == 0 ||
		    list_entry(pos, struct item, node)->number != first++) {
			return false;
		}
		prev = pos;
	}
	return head->prev == prev && count == 0;
}

KTEST(list_starts_empty, "both initialisers give an empty list")
{
	struct list a = LIST_INIT(a);
	struct list b;

	list_init(&b);
	EXPECT(list_empty(&a));
	EXPECT(list_empty(&b));
	EXPECT(list_pop_front(&a) == NULL);
}

KTEST(list_is_a_queue, "push_back and pop_front keep the order")
{
	struct item items[ITEM_COUNT];
	struct list head = LIST_INIT(head);

	fill(&head, items, 0);
	EXPECT(holds_run(&head, 0, ITEM_COUNT));
	for (int i = 0; i < ITEM_COUNT; i++) {
		EXPECT(list_pop_front(&head) == &items[i].node);
		EXPECT(list_empty(&items[i].node));
	}
	EXPECT(list_empty(&head));
}

KTEST(list_is_a_stack, "push_front puts a node before all others")
{
	struct item items[ITEM_COUNT];
	struct list head = LIST_INIT(head);

	for (int i = ITEM_COUNT - 1; i >= 0; i--) {
		items[i].number = i;
		list_push_front(&head, &items[i].node);
		EXPECT(list_first(&head, struct item, node) == &items[i]);
	}
	EXPECT(holds_run(&head, 0, ITEM_COUNT));
}

KTEST(list_safe_walk_removes, "the safe walk may remove where it stands")
{
	struct item items[ITEM_COUNT];
	struct list head = LIST_INIT(head);

	fill(&head, items, 0);
	list_for_each_safe (pos, &head) {
		if (list_entry(pos, struct item, node)->number >= 3) {
			list_remove(pos);
		}
	}
	EXPECT(holds_run(&head, 0, 3));
}

KTEST(list_splice_appends, "splicing moves all nodes behind the others")
{
	struct item low[ITEM_COUNT], high[ITEM_COUNT];
	struct list to = LIST_INIT(to);
	struct list from = LIST_INIT(from);

	list_splice_back(&to, &from);
	EXPECT(list_empty(&to));
	fill(&from, low, 0);
	list_splice_back(&to, &from);
	EXPECT(list_empty(&from));
	fill(&from, high, ITEM_COUNT);
	list_splice_back(&to, &from);
	EXPECT(holds_run(&to, 0, 2 * ITEM_COUNT));
	EXPECT(list_empty(&from));
}
