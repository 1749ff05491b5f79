/* SPDX-License-Identifier: MIT */
/*
 * AVL tree with parent links, without recursion.  Used for the regions of an
 * address space, timers, and whatever else is looked up by a number.
 *
 * Sides are 0 (smaller) and 1 (larger), so that every step is written once
 * and serves its mirror image too; sign(side) is the balance that leans to
 * it.  Between two public calls:
 *
 *	T1  an in-order walk meets the keys in rising order, twins in the
 *	    order in which they came;
 *	T2  balance is the difference of the heights of the two subtrees,
 *	    and -1, 0 or 1;
 *	T3  each child's parent link names the node that it hangs on, and
 *	    the root's is NULL.
 *
 * Linking or unlinking a node breaks T2 on the way to the root at most; the
 * two rebalance walks repair it and stop where a height did not change.
 */
#include "lib/tree.h"

static int sign(int side)
{
	return side ? 1 : -1;
}

/* The side of its parent that `node` hangs on; it has a parent. */
static int side_of(const struct tree_node *node)
{
	return node->parent->child[1] == node;
}

/* Puts `new` (or NULL) where `old` hangs; old's own links stay. */
static void replace_child(struct tree *tree, struct tree_node *old,
			  struct tree_node *new)
{
	if (old->parent == NULL) {
		tree->root = new;
	} else {
		old->parent->child[side_of(old)] = new;
	}
	if (new != NULL) {
		new->parent = old->parent;
	}
}

static void set_child(struct tree_node *node, int side, struct tree_node *child)
{
	node->child[side] = child;
	if (child != NULL) {
		child->parent = node;
	}
}

/* Lifts the child on `side` above `node`; balances are the caller's. */
static void rotate(struct tree *tree, struct tree_node *node, int side)
{
	struct tree_node *child = node->child[side];

	replace_child(tree, node, child);
	set_child(node, side, child->child[!side]);
	set_child(child, !side, node);
}

/*
 * Repairs a node whose child on `side` is two higher than the other.
 * Returns the node that now stands in its place.
 */
static struct tree_node *rebalance(struct tree *tree, struct tree_node *node,
				   int side)
{
	struct tree_node *child = node->child[side];
	int lean = sign(side);

	if (child->balance != -lean) {
		/* An even child (only after a removal) stays one higher. */
		node->balance = child->balance == 0 ? lean : 0;
		child->balance = child->balance == 0 ? -lean : 0;
		rotate(tree, node, side);
		return child;
	}

	struct tree_node *inner = child->child[!side];

	node->balance = inner->balance == lean ? -lean : 0;
	child->balance = inner->balance == -lean ? lean : 0;
	inner->balance = 0;
	rotate(tree, child, !side);
	rotate(tree, node, side);
	return inner;
}

/* Walks up from a new leaf while the subtree below grew by one. */
static void rebalance_grown(struct tree *tree, struct tree_node *node)
{
	while (node->parent != NULL) {
		struct tree_node *parent = node->parent;
		int side = side_of(node);

		if (parent->balance == sign(side)) {
			rebalance(tree, parent, side);
			return;
		}
		parent->balance += sign(side);
		if (parent->balance == 0) {
			return;
		}
		node = parent;
	}
}

/* Walks up from `node`, whose subtree on `side` became one lower. */
static void rebalance_shrunk(struct tree *tree, struct tree_node *node,
			     int side)
{
	while (node != NULL) {
		if (node->balance == sign(!side)) {
			node = rebalance(tree, node, !side);
		} else {
			node->balance += sign(!side);
		}
		if (node->balance != 0 || node->parent == NULL) {
			return;
		}
		side = side_of(node);
		node = node->parent;
	}
}

/* Hangs a new leaf on `parent`, from where *link leads to it. */
static void link_leaf(struct tree *tree, struct tree_node *parent,
		      struct tree_node **link, struct tree_node *node)
{
	node->parent = parent;
	node->child[0] = NULL;
	node->child[1] = NULL;
	node->balance = 0;
	*link = node;
	rebalance_grown(tree, node);
}

static bool insert(struct tree *tree, struct tree_node *node, bool twins)
{
	struct tree_node **link = &tree->root;
	struct tree_node *parent = NULL;

	while (*link != NULL) {
		parent = *link;
		if (parent->key == node->key && !twins) {
			return false;
		}
		link = &parent->child[node->key >= parent->key];
	}
	link_leaf(tree, parent, link, node);
	return true;
}

bool tree_insert(struct tree *tree, struct tree_node *node)
{
	return insert(tree, node, false);
}

void tree_insert_behind(struct tree *tree, struct tree_node *node)
{
	insert(tree, node, true);
}

/* The outermost node of a subtree on one side. */
static struct tree_node *outermost(struct tree_node *node, int side)
{
	while (node != NULL && node->child[side] != NULL) {
		node = node->child[side];
	}
	return node;
}

void tree_insert_after(struct tree *tree, struct tree_node *before,
		       struct tree_node *node)
{
	struct tree_node **link = before ? &before->child[1] : &tree->root;

	if (*link != NULL) {
		before = outermost(*link, 0);
		link = &before->child[0];
	}
	link_leaf(tree, before, link, node);
}

/* Unlinks a node with one child or none. */
static void remove_simple(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent = node->parent;
	int side = parent != NULL ? side_of(node) : 0;

	replace_child(tree, node,
		      node->child[0] ? node->child[0] : node->child[1]);
	rebalance_shrunk(tree, parent, side);
}

/* Hangs `new`, which is in no tree, exactly where `old` is. */
static void take_place(struct tree *tree, struct tree_node *old,
		       struct tree_node *new)
{
	replace_child(tree, old, new);
	set_child(new, 0, old->child[0]);
	set_child(new, 1, old->child[1]);
	new->balance = old->balance;
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
	if (node->child[0] == NULL || node->child[1] == NULL) {
		remove_simple(tree, node);
		return;
	}

	/* The successor has no smaller child: take it out, then put it in. */
	struct tree_node *successor = outermost(node->child[1], 0);

	remove_simple(tree, successor);
	take_place(tree, node, successor);
}

struct tree_node *tree_find(const struct tree *tree, u64 key)
{
	struct tree_node *node = tree->root;

	while (node != NULL && node->key != key) {
		node = node->child[key > node->key];
	}
	return node;
}

struct tree_node *tree_find_le(const struct tree *tree, u64 key)
{
	struct tree_node *node = tree->root;
	struct tree_node *best = NULL;

	while (node != NULL) {
		if (node->key <= key) {
			best = node;
			node = node->child[1];
		} else {
			node = node->child[0];
		}
	}
	return best;
}

struct tree_node *tree_find_ge(const struct tree *tree, u64 key)
{
	struct tree_node *node = tree->root;
	struct tree_node *best = NULL;

	while (node != NULL) {
		if (node->key >= key) {
			best = node;
			node = node->child[0];
		} else {
			node = node->child[1];
		}
	}
	return best;
}

struct tree_node *tree_first(const struct tree *tree)
{
	return outermost(tree->root, 0);
}

struct tree_node *tree_last(const struct tree *tree)
{
	return outermost(tree->root, 1);
}

/* The in-order neighbour on one side. */
static struct tree_node *neighbour(const struct tree_node *node, int side)
{
	if (node->child[side] != NULL) {
		return outermost(node->child[side], !side);
	}
	while (node->parent != NULL && side_of(node) == side) {
		node = node->parent;
	}
	return node->parent;
}

struct tree_node *tree_next(const struct tree_node *node)
{
	return neighbour(node, 1);
}

struct tree_node *tree_prev(const struct tree_node *node)
{
	return neighbour(node, 0);
}

/* The first leaf of a subtree that is not empty. */
static struct tree_node *first_leaf(struct tree_node *node)
{
	struct tree_node *below = node;

	while (below != NULL) {
		node = below;
		below = node->child[node->child[0] == NULL];
	}
	return node;
}

struct tree_node *tree_next_upward(const struct tree *tree,
				   const struct tree_node *node)
{
	struct tree_node *parent;

	if (node == NULL) {
		return first_leaf(tree->root);
	}
	parent = node->parent;
	return parent != NULL && parent->child[1] != NULL &&
			       parent->child[1] != node
		       ? first_leaf(parent->child[1])
		       : parent;
}
