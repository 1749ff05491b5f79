/* SPDX-License-Identifier: MIT */
/*
 * Intrusive balanced search tree (AVL) over 64-bit keys, all different unless
 * the caller wants otherwise.  A node carries its own key, so that look-ups
 * need no comparison callback.
 * Height is at most 1.44 log2(n + 2).  The caller guards it; nothing here
 * locks or allocates.
 */
#ifndef EXO_LIB_TREE_H
#define EXO_LIB_TREE_H

#include "lib/types.h"

struct tree_node {
	struct tree_node *parent;
	struct tree_node *child[2]; /* 0: smaller keys, 1: larger keys */
	u64 key;
	int balance; /* height of child[1] minus height of child[0]: -1..1 */
};

struct tree {
	struct tree_node *root;
};

/* Links `node` with node->key set; false if the key is there already. */
must_check bool tree_insert(struct tree *tree, struct tree_node *node);

/* Links `node` behind all others of its key; look-ups find any of them. */
void tree_insert_behind(struct tree *tree, struct tree_node *node);

/*
 * Links `node` behind `before` (NULL: as the first); node->key lies between
 * those of its neighbours.
 */
void tree_insert_after(struct tree *tree, struct tree_node *before,
		       struct tree_node *node);

/* Unlinks `node`, which must be in `tree`. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* The node with the key, or NULL. */
struct tree_node *tree_find(const struct tree *tree, u64 key);

/* The node with the greatest key <= `key`, or NULL. */
struct tree_node *tree_find_le(const struct tree *tree, u64 key);

/* The node with the smallest key >= `key`, or NULL. */
struct tree_node *tree_find_ge(const struct tree *tree, u64 key);

/* The node with the smallest (largest) key of all, or NULL. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_last(const struct tree *tree);

/* The node with the next larger (smaller) key, or NULL. */
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_prev(const struct tree_node *node);

/*
 * The node after `node` in an order that meets each one after those below it;
 * after NULL comes the first, and NULL after the last.  So a tree is taken
 * down: what a node's successor is must be asked before the node goes.
 */
struct tree_node *tree_next_upward(const struct tree *tree,
				   const struct tree_node *node);

/* In rising order; the body must not change the tree. */
#define tree_for_each(pos, tree)                                    \
	for (struct tree_node *pos = tree_first(tree); pos != NULL; \
	     pos = tree_next(pos))

#endif
