// SPDX-License-Identifier: MIT
//
// Balanced links: the tree of an RTL_AVL_TABLE, without its elements. The tree is the right subtree
// of `top`, whose own links are otherwise unused.

#ifndef DDK_RTL_AVL_H
#define DDK_RTL_AVL_H

#include <wdm.h>

// Hangs a new leaf on the left or right of parent (or under top) and rebalances. True when the tree
// became deeper.
bool avl_insert(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS parent, bool left,
                PRTL_BALANCED_LINKS node);
// Takes a node out and rebalances. True when the tree became shallower.
bool avl_remove(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node);
PRTL_BALANCED_LINKS avl_first(PRTL_BALANCED_LINKS top);
// In order; NULL at the end.
PRTL_BALANCED_LINKS avl_next(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node);
PRTL_BALANCED_LINKS avl_previous(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node);

#endif
