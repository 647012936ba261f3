// SPDX-License-Identifier: MIT
//
// Splay links. Invariant: a root is its own parent; every other node is a child of its parent.

#include "../ke/ki.h"

#define RULE "splay link routine above DISPATCH_LEVEL"

PRTL_SPLAY_LINKS DdkSplayNode(PVOID links)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return links;
}

VOID DdkSplayInsert(PRTL_SPLAY_LINKS *place, PRTL_SPLAY_LINKS parent, PRTL_SPLAY_LINKS child)
{
    if (*place != NULL || child->Parent != child)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "splay links: inserted where a child is, or a node that has a parent",
                     (ULONG_PTR)parent, (ULONG_PTR)child);
    *place = child;
    child->Parent = parent;
}

static PRTL_SPLAY_LINKS *place_of(PRTL_SPLAY_LINKS node)
{
    PRTL_SPLAY_LINKS parent = node->Parent;
    return parent->LeftChild == node ? &parent->LeftChild : &parent->RightChild;
}

// Puts `by` (or nothing) where node is; node keeps its own links.
static void replace(PRTL_SPLAY_LINKS node, PRTL_SPLAY_LINKS by)
{
    if (node->Parent == node) {
        if (by != NULL)
            by->Parent = by;
        return;
    }
    *place_of(node) = by;
    if (by != NULL)
        by->Parent = node->Parent;
}

// One step up: node takes its parent's place, the parent becomes its child.
static void rotate(PRTL_SPLAY_LINKS node)
{
    PRTL_SPLAY_LINKS parent = node->Parent;
    bool left = parent->LeftChild == node;
    PRTL_SPLAY_LINKS middle = left ? node->RightChild : node->LeftChild;
    replace(parent, node);
    *(left ? &parent->LeftChild : &parent->RightChild) = middle;
    *(left ? &node->RightChild : &node->LeftChild) = parent;
    if (middle != NULL)
        middle->Parent = parent;
    parent->Parent = node;
}

PRTL_SPLAY_LINKS RtlSplay(PRTL_SPLAY_LINKS links)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    while (links->Parent != links) {
        PRTL_SPLAY_LINKS parent = links->Parent, grandparent = parent->Parent;
        if (grandparent == parent) {
            rotate(links);
        } else if ((parent->LeftChild == links) == (grandparent->LeftChild == parent)) {
            rotate(parent);
            rotate(links);
        } else {
            rotate(links);
            rotate(links);
        }
    }
    return links;
}

static PRTL_SPLAY_LINKS rightmost(PRTL_SPLAY_LINKS node)
{
    while (node != NULL && node->RightChild != NULL)
        node = node->RightChild;
    return node;
}

static PRTL_SPLAY_LINKS leftmost(PRTL_SPLAY_LINKS node)
{
    while (node != NULL && node->LeftChild != NULL)
        node = node->LeftChild;
    return node;
}

PRTL_SPLAY_LINKS RtlSubtreePredecessor(PRTL_SPLAY_LINKS links)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return rightmost(links->LeftChild);
}

PRTL_SPLAY_LINKS RtlSubtreeSuccessor(PRTL_SPLAY_LINKS links)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return leftmost(links->RightChild);
}

PRTL_SPLAY_LINKS RtlRealPredecessor(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS found = RtlSubtreePredecessor(links);
    while (found == NULL && links->Parent != links) {
        found = links->Parent->RightChild == links ? links->Parent : NULL;
        links = links->Parent;
    }
    return found;
}

PRTL_SPLAY_LINKS RtlRealSuccessor(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS found = RtlSubtreeSuccessor(links);
    while (found == NULL && links->Parent != links) {
        found = links->Parent->LeftChild == links ? links->Parent : NULL;
        links = links->Parent;
    }
    return found;
}

static PRTL_SPLAY_LINKS root_of(PRTL_SPLAY_LINKS node)
{
    while (node->Parent != node)
        node = node->Parent;
    return node;
}

// Takes the node out; a node with two children leaves its place to its predecessor. Returns the
// lowest node whose links changed, NULL when the tree is empty.
static PRTL_SPLAY_LINKS take_out(PRTL_SPLAY_LINKS node)
{
    PRTL_SPLAY_LINKS lowest = node->Parent != node ? node->Parent : NULL;
    if (node->LeftChild == NULL || node->RightChild == NULL) {
        PRTL_SPLAY_LINKS child = node->LeftChild != NULL ? node->LeftChild : node->RightChild;
        replace(node, child);
        return lowest != NULL ? lowest : child;
    }
    PRTL_SPLAY_LINKS heir = rightmost(node->LeftChild);
    lowest = heir;
    if (heir != node->LeftChild) {
        lowest = heir->Parent;
        replace(heir, heir->LeftChild);
        heir->LeftChild = node->LeftChild;
        heir->LeftChild->Parent = heir;
    }
    heir->RightChild = node->RightChild;
    heir->RightChild->Parent = heir;
    replace(node, heir);
    return lowest;
}

PRTL_SPLAY_LINKS RtlDelete(PRTL_SPLAY_LINKS links)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    PRTL_SPLAY_LINKS lowest = take_out(links);
    return lowest != NULL ? RtlSplay(lowest) : NULL;
}

VOID RtlDeleteNoSplay(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS *root)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    PRTL_SPLAY_LINKS lowest = take_out(links);
    *root = lowest != NULL ? root_of(lowest) : NULL;
}
