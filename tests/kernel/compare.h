// SPDX-License-Identifier: MIT
/* Comparing the kernel's objects with the model's: all that knows how the kernel lays them out. */
#ifndef TESTS_KERNEL_COMPARE_H
#define TESTS_KERNEL_COMPARE_H

struct cnode;

/* The kernel's root CNode is the model's. */
void compare_start(struct cnode *root);
/* Learns from the kernel's capabilities where it keeps each object; all is as in the model. */
void compare_learn(void);
/* The kernel's slot: empty? Of an object that has been learnt. */
bool compare_is_empty(int holder, int index);
/* How much of an Untyped is in use. */
uint64_t compare_watermark(int node);
/* A container whose last capability was deleted, and that is not empty yet. */
bool compare_is_buried(int object);
/* What the caller's hart may use of page tables, it keeps; nothing it keeps may be out of date. */
void compare_translations(void);
/* Every slot reachable, every table, every binding; stops at the first difference. */
void compare_all(void);

#endif
