// SPDX-License-Identifier: MIT
//
// Balanced links. Invariant: the heights of a node's two subtrees differ by at most one, and
// Balance is the difference, right minus left.

#include "avl.h"

static PRTL_BALANCED_LINKS *side(PRTL_BALANCED_LINKS node, bool left)
{
    return left ? &node->LeftChild : &node->RightChild;
}

static bool is_left(PRTL_BALANCED_LINKS node)
{
    return node->Parent->LeftChild == node;
}

static void hang(PRTL_BALANCED_LINKS parent, bool left, PRTL_BALANCED_LINKS child)
{
    *side(parent, left) = child;
    if (child != NULL)
        child->Parent = parent;
}

// The child on `left` takes the place of its parent.
static PRTL_BALANCED_LINKS rotate(PRTL_BALANCED_LINKS parent, bool left)
{
    PRTL_BALANCED_LINKS child = *side(parent, left), above = parent->Parent;
    bool parent_left = is_left(parent);
    hang(parent, left, *side(child, !left));
    hang(child, !left, parent);
    hang(above, parent_left, child);
    return child;
}

// node's subtree on `left` is two higher than the other. Returns the root of what is balanced then;
// its Balance is not 0 only if the height stayed.
static PRTL_BALANCED_LINKS rebalance(PRTL_BALANCED_LINKS node, bool left)
{
    CHAR heavy = left ? -1 : 1;
    PRTL_BALANCED_LINKS child = *side(node, left);
    if (child->Balance != -heavy) {
        node->Balance = (CHAR)(heavy - child->Balance);
        child->Balance = (CHAR)(child->Balance - heavy);
        return rotate(node, left);
    }
    PRTL_BALANCED_LINKS middle = *side(child, !left);
    node->Balance = middle->Balance == heavy ? (CHAR)-heavy : 0;
    child->Balance = middle->Balance == -heavy ? heavy : 0;
    middle->Balance = 0;
    (void)rotate(child, !left);
    return rotate(node, left);
}

bool avl_insert(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS parent, bool left,
                PRTL_BALANCED_LINKS node)
{
    node->LeftChild = node->RightChild = NULL;
    node->Balance = 0;
    hang(parent, parent != top && left, node);
    for (; parent != top; node = parent, parent = parent->Parent) {
        CHAR change = is_left(node) ? -1 : 1;
        parent->Balance = (CHAR)(parent->Balance + change);
        if (parent->Balance == 0)
            return false;
        if (parent->Balance != change) {
            (void)rebalance(parent, change < 0);
            return false;
        }
    }
    return true;
}

// The lower end of what changes: a node and the side of it that became shallower.
struct shrunk {
    PRTL_BALANCED_LINKS Node;
    bool Left;
};

static struct shrunk take_out(PRTL_BALANCED_LINKS node)
{
    struct shrunk at = {node->Parent, is_left(node)};
    if (node->LeftChild == NULL || node->RightChild == NULL) {
        hang(at.Node, at.Left, node->LeftChild != NULL ? node->LeftChild : node->RightChild);
        return at;
    }
    PRTL_BALANCED_LINKS heir = node->RightChild;
    while (heir->LeftChild != NULL)
        heir = heir->LeftChild;
    struct shrunk lower = {heir, false};
    if (heir != node->RightChild) {
        lower = (struct shrunk){heir->Parent, true};
        hang(heir->Parent, true, heir->RightChild);
        hang(heir, false, node->RightChild);
    }
    hang(heir, true, node->LeftChild);
    heir->Balance = node->Balance;
    hang(at.Node, at.Left, heir);
    return lower;
}

bool avl_remove(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node)
{
    struct shrunk at = take_out(node);
    while (at.Node != top) {
        PRTL_BALANCED_LINKS current = at.Node;
        CHAR change = at.Left ? 1 : -1;
        CHAR balance = (CHAR)(current->Balance + change);
        if (balance == change) {
            current->Balance = balance;
            return false;
        }
        if (balance == 0)
            current->Balance = 0;
        else
            current = rebalance(current, change < 0);
        if (current->Balance != 0)
            return false;
        at = (struct shrunk){current->Parent, is_left(current)};
    }
    return true;
}

PRTL_BALANCED_LINKS avl_first(PRTL_BALANCED_LINKS top)
{
    PRTL_BALANCED_LINKS node = top->RightChild;
    while (node != NULL && node->LeftChild != NULL)
        node = node->LeftChild;
    return node;
}

static PRTL_BALANCED_LINKS step(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node, bool forward)
{
    PRTL_BALANCED_LINKS found = *side(node, !forward);
    while (found != NULL && *side(found, forward) != NULL)
        found = *side(found, forward);
    for (; found == NULL && node->Parent != top; node = node->Parent)
        if (is_left(node) == forward)
            found = node->Parent;
    return found;
}

PRTL_BALANCED_LINKS avl_next(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node)
{
    return step(top, node, true);
}

PRTL_BALANCED_LINKS avl_previous(PRTL_BALANCED_LINKS top, PRTL_BALANCED_LINKS node)
{
    return step(top, node, false);
}
