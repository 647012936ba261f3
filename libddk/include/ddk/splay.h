// SPDX-License-Identifier: MIT
//
// Splay links: a binary tree whose nodes the caller allocates and orders. The root is its own
// parent. The caller serialises. IRQL <= DISPATCH_LEVEL for resident nodes.
// Documentation: nf-ntddk-rtlsplay, nf-ntddk-rtlinitializesplaylinks and neighbours.

#ifndef DDK_SPLAY_H
#define DDK_SPLAY_H

typedef struct _RTL_SPLAY_LINKS {
    struct _RTL_SPLAY_LINKS *Parent;
    struct _RTL_SPLAY_LINKS *LeftChild;
    struct _RTL_SPLAY_LINKS *RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;
C_ASSERT(sizeof(RTL_SPLAY_LINKS) == 24);

// Internal: the node, at an allowed IRQL.
PRTL_SPLAY_LINKS DdkSplayNode(PVOID links);
VOID DdkSplayInsert(PRTL_SPLAY_LINKS *place, PRTL_SPLAY_LINKS parent, PRTL_SPLAY_LINKS child);

// A node outside of any tree. Each node needs it before anything else.
#define RtlInitializeSplayLinks(links)                                                             \
    (*DdkSplayNode(links) = (RTL_SPLAY_LINKS){DdkSplayNode(links), NULL, NULL})
#define RtlParent(links)       (DdkSplayNode(links)->Parent)
#define RtlLeftChild(links)    (DdkSplayNode(links)->LeftChild)
#define RtlRightChild(links)   (DdkSplayNode(links)->RightChild)
#define RtlIsRoot(links)       (DdkSplayNode(links)->Parent == (PRTL_SPLAY_LINKS)(PVOID)(links))
#define RtlIsLeftChild(links)  (RtlLeftChild(RtlParent(links)) == (PRTL_SPLAY_LINKS)(PVOID)(links))
#define RtlIsRightChild(links) (RtlRightChild(RtlParent(links)) == (PRTL_SPLAY_LINKS)(PVOID)(links))

// Rule: the parent has no such child and the child no parent; anything else is a bug check.
#define RtlInsertAsLeftChild(parent, child)                                                        \
    DdkSplayInsert(&DdkSplayNode(parent)->LeftChild, DdkSplayNode(parent), DdkSplayNode(child))
#define RtlInsertAsRightChild(parent, child)                                                       \
    DdkSplayInsert(&DdkSplayNode(parent)->RightChild, DdkSplayNode(parent), DdkSplayNode(child))

// Makes the node the root, and returns it.
PRTL_SPLAY_LINKS RtlSplay(PRTL_SPLAY_LINKS links);
// Takes the node out. Delete: splays its former parent and returns the new root, NULL for an empty
// tree. DeleteNoSplay: *root follows.
PRTL_SPLAY_LINKS RtlDelete(PRTL_SPLAY_LINKS links);
VOID RtlDeleteNoSplay(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS *root);

// Neighbours in the order of the tree: within the subtree of the node, or in the whole tree. NULL
// when there is none.
PRTL_SPLAY_LINKS RtlSubtreePredecessor(PRTL_SPLAY_LINKS links);
PRTL_SPLAY_LINKS RtlSubtreeSuccessor(PRTL_SPLAY_LINKS links);
PRTL_SPLAY_LINKS RtlRealPredecessor(PRTL_SPLAY_LINKS links);
PRTL_SPLAY_LINKS RtlRealSuccessor(PRTL_SPLAY_LINKS links);

#endif
