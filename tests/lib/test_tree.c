/* SPDX-License-Identifier: MIT */
/*
 * lib/tree.h: random insertions and removals against a model of one bool a
 * key, with the invariants of lib/tree.c checked on the way.
 */
#include "lib/tree.h"
#include "tests/ktest.h"

#define KEYS       200
#define ROUNDS     4000
#define CHECK_STEP 16 /* rounds between two looks at the whole tree */
#define BROKEN     (-1)

/* Node i, when it is in the tree, has the key i * STRETCH + 1. */
#define STRETCH 3

static struct {
	struct tree tree;
	struct tree_node node[KEYS];
	bool in_tree[KEYS];
} model;

static void clear_model(void)
{
	model.tree.root = NULL;
	for (size_t i = 0; i < KEYS; i++) {
		model.in_tree[i] = false;
		model.node[i].key = i * STRETCH + 1;
	}
}

/* The height of a subtree whose links and balances hold, or BROKEN. */
static int checked_height(const struct tree_node *node,
			  const struct tree_node *parent)
{
	if (node == NULL) {
		return 0;
	}

	int low = checked_height(node->child[0], node);
	int high = checked_height(node->child[1], node);

	if (low == BROKEN || high == BROKEN || node->parent != parent ||
	    high - low != node->balance || node->balance < -1 ||
	    node->balance > 1) {
		return BROKEN;
	}
	return MAX(low, high) + 1;
}

/* True if the walks in both directions meet exactly the model's nodes. */
static bool walks_agree(void)
{
	struct tree_node *up = tree_first(&model.tree);
	struct tree_node *down = tree_last(&model.tree);

	for (size_t i = 0; i < KEYS; i++) {
		if (model.in_tree[i]) {
			if (up != &model.node[i]) {
				return false;
			}
			up = tree_next(up);
		}
		if (model.in_tree[KEYS - 1 - i]) {
			if (down != &model.node[KEYS - 1 - i]) {
				return false;
			}
			down = tree_prev(down);
		}
	}
	return up == NULL && down == NULL;
}

/* The model's node nearest to `from` in steps of `step`, or NULL. */
static struct tree_node *model_nearest(s64 from, int step)
{
	for (; from >= 0 && from < KEYS; from += step) {
		if (model.in_tree[from]) {
			return &model.node[from];
		}
	}
	return NULL;
}

/* True if the three look-ups of any key agree with the model. */
static bool lookups_agree(u64 key)
{
	bool is_own = key % STRETCH == 1 && key / STRETCH < KEYS;
	s64 at_or_below = key == 0 ? -1 : (s64)((key - 1) / STRETCH);
	s64 at_or_above = is_own ? at_or_below : at_or_below + 1;
	struct tree_node *own = NULL;

	if (is_own && model.in_tree[at_or_below]) {
		own = &model.node[at_or_below];
	}
	at_or_below = MIN(at_or_below, KEYS - 1);
	return tree_find(&model.tree, key) == own &&
	       tree_find_le(&model.tree, key) ==
		       model_nearest(at_or_below, -1) &&
	       tree_find_ge(&model.tree, key) == model_nearest(at_or_above, 1);
}

/* Puts node `i` in, or takes it out; false if the tree disagrees. */
static bool toggle(size_t i)
{
	if (model.in_tree[i]) {
		tree_remove(&model.tree, &model.node[i]);
	} else if (!tree_insert(&model.tree, &model.node[i])) {
		return false;
	}
	model.in_tree[i] = !model.in_tree[i];
	return true;
}

KTEST(tree_model_agrees, "random changes keep order, balance and look-ups")
{
	clear_model();
	for (int round = 0; round < ROUNDS; round++) {
		EXPECT(toggle(ktest_random() % KEYS));
		EXPECT(lookups_agree(ktest_random() % (KEYS * STRETCH + 9)));
		if (round % CHECK_STEP == 0) {
			EXPECT(checked_height(model.tree.root, NULL) != BROKEN);
			EXPECT(walks_agree());
		}
	}
}

KTEST(tree_empties, "every shape empties down to a tree without a root")
{
	clear_model();
	for (size_t i = 0; i < KEYS; i++) {
		EXPECT(toggle(i));
	}
	while (model.tree.root != NULL) {
		size_t i = ktest_random() % KEYS;

		if (model.in_tree[i]) {
			EXPECT(toggle(i));
			EXPECT(checked_height(model.tree.root, NULL) != BROKEN);
		}
	}
	EXPECT(walks_agree());
	EXPECT(tree_first(&model.tree) == NULL);
	EXPECT(tree_find_le(&model.tree, 5) == NULL);
}

KTEST(tree_inserts_after, "what comes behind a node keeps order and balance")
{
	struct tree_node *last = NULL;

	clear_model();
	/* Every other one at the end, then the rest between, from above. */
	for (size_t i = 1; i < KEYS; i += 2) {
		tree_insert_after(&model.tree, last, &model.node[i]);
		last = &model.node[i];
		model.in_tree[i] = true;
		EXPECT(checked_height(model.tree.root, NULL) != BROKEN);
	}
	for (size_t i = (KEYS + 1) / 2; i-- > 0;) {
		struct tree_node *before = i ? &model.node[2 * i - 1] : NULL;

		tree_insert_after(&model.tree, before, &model.node[2 * i]);
		model.in_tree[2 * i] = true;
		EXPECT(checked_height(model.tree.root, NULL) != BROKEN);
	}
	EXPECT(walks_agree());
}

KTEST(tree_upward, "upward, each node comes once, after those below it")
{
	size_t count = 0;

	clear_model();
	EXPECT(tree_next_upward(&model.tree, NULL) == NULL);
	for (size_t i = 0; i < KEYS; i++) {
		struct tree_node *node, *next;

		EXPECT(toggle(i * 7 % KEYS));
		count = 0;
		node = tree_next_upward(&model.tree, NULL);
		for (; node != NULL; node = next, count++) {
			next = tree_next_upward(&model.tree, node);
			for (int side = 0; side < 2; side++) {
				EXPECT(node->child[side] == NULL ||
				       !model.in_tree[node->child[side] -
						      model.node]);
			}
			model.in_tree[node - model.node] = false;
		}
		EXPECT(count == i + 1);
		for (size_t j = 0; j <= i; j++) {
			model.in_tree[j * 7 % KEYS] = true;
		}
	}
}

KTEST(tree_refuses_twins, "a key that is there already is not inserted")
{
	struct tree_node twin;

	clear_model();
	twin.key = model.node[7].key;
	EXPECT(toggle(7));
	EXPECT(!tree_insert(&model.tree, &twin));
	EXPECT(tree_find(&model.tree, twin.key) == &model.node[7]);
	EXPECT(walks_agree());
}

/* Walks over the nodes of `key` that came first, or that came again. */
static struct tree_node *walk_twins(struct tree_node *at, u64 key, bool again)
{
	for (size_t i = key; i < KEYS && at != NULL; i += STRETCH) {
		if ((i % 5 == 0) == again) {
			at = at == &model.node[i] ? tree_next(at) : NULL;
		}
	}
	return at;
}

KTEST(tree_twins_in_line, "nodes of one key stand in the order they came in")
{
	struct tree_node end = { .key = STRETCH };
	struct tree_node *at;

	clear_model();
	tree_insert_behind(&model.tree, &end);
	for (size_t i = 0; i < KEYS; i++) {
		model.node[i].key = i % STRETCH;
		tree_insert_behind(&model.tree, &model.node[i]);
		EXPECT(checked_height(model.tree.root, NULL) != BROKEN);
	}
	for (size_t i = 0; i < KEYS; i += 5) {
		tree_remove(&model.tree, &model.node[i]);
		tree_insert_behind(&model.tree, &model.node[i]);
	}
	EXPECT(checked_height(model.tree.root, NULL) != BROKEN);
	at = tree_first(&model.tree);
	for (u64 key = 0; key < STRETCH; key++) {
		at = walk_twins(at, key, false);
		at = walk_twins(at, key, true);
	}
	EXPECT(at == &end);
}

KTEST(tree_sorted_input, "rising keys give the height bound of AVL trees")
{
	/* 1.44 log2(200 + 2) is 11.03. */
	enum { HEIGHT_MAX = 11 };

	clear_model();
	for (size_t i = 0; i < KEYS; i++) {
		int height;

		EXPECT(toggle(i));
		height = checked_height(model.tree.root, NULL);
		EXPECT(height != BROKEN && height <= HEIGHT_MAX);
	}
}

KTEST(tree_extreme_keys, "0 and the largest key are keys like others")
{
	struct tree tree = { NULL };
	struct tree_node low = { .key = 0 };
	struct tree_node high = { .key = ~0ull };
	u64 sum = 0;

	EXPECT(tree_insert(&tree, &high));
	EXPECT(tree_insert(&tree, &low));
	EXPECT(tree_find_le(&tree, ~0ull - 1) == &low);
	EXPECT(tree_find_ge(&tree, 1) == &high);
	EXPECT(tree_find_le(&tree, 0) == &low);
	EXPECT(tree_find_ge(&tree, ~0ull) == &high);
	tree_for_each (node, &tree) {
		sum = sum * 3 + (node == &low ? 1 : 2);
	}
	EXPECT_EQ(sum, 1 * 3 + 2);
}
