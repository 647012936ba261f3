// SPDX-License-Identifier: MIT
//
// Deadlock detection. The graph has an edge from a lock to another if some thread acquired the
// second while it held the first; a cycle is an order of locks in which threads can wait for each
// other for ever, whether they did so far or not. Who only tries a lock does not wait, so that
// makes no edge. A thread's held locks are in its own list, oldest first.
// Locks beyond NODES, and beyond HELD of one thread, are not watched.

#include "vf.h"

#define NODES 512u
#define WORDS (NODES / 64)
#define HELD  16u

struct graph {
    const void *Lock[NODES]; // NULL: free
    ULONG64 After[NODES][WORDS];
    ULONG64 Seen[WORDS]; // of a search
    USHORT Stack[NODES];
};
static struct graph *graph;
static struct ki_lock lock;
static _Thread_local const void *held[HELD];
static _Thread_local ULONG held_count;

#define GRAPH_PAGES BYTES_TO_PAGES(sizeof(struct graph))

static bool get_graph(void)
{
    if (graph != NULL)
        return true;
    struct graph *new = port_pages_alloc(GRAPH_PAGES);
    if (new == NULL)
        return false;
    if (InterlockedCompareExchangePointer((PVOID volatile *)(PVOID)&graph, new, NULL) != NULL)
        port_pages_free(new, GRAPH_PAGES);
    return true;
}

static ULONG slot_of(const void *address)
{
    return (ULONG)((ULONG_PTR)address >> 3) * 2654435761u % NODES;
}

// Open addressing with entries that go: a search looks at all of them before it gives up. NODES:
// not there.
static ULONG find(const void *address)
{
    ULONG first = slot_of(address);
    for (ULONG i = 0; i < NODES; i++) {
        ULONG at = (first + i) % NODES;
        if (graph->Lock[at] == address)
            return at;
    }
    return NODES;
}

static ULONG find_or_add(const void *address)
{
    ULONG at = find(address), first = slot_of(address);
    for (ULONG i = 0; at == NODES && i < NODES; i++) {
        ULONG next = (first + i) % NODES;
        if (graph->Lock[next] == NULL) {
            graph->Lock[next] = address;
            at = next;
        }
    }
    return at;
}

static bool has(const ULONG64 *set, ULONG i)
{
    return (set[i / 64] >> i % 64 & 1) != 0;
}

static void add(ULONG64 *set, ULONG i)
{
    set[i / 64] |= 1ull << i % 64;
}

// Is there a way from one node to the other?
static bool reaches(ULONG from, ULONG to)
{
    ULONG used = 0;
    memset(graph->Seen, 0, sizeof(graph->Seen));
    graph->Stack[used++] = (USHORT)from;
    add(graph->Seen, from);
    while (used != 0) {
        const ULONG64 *after = graph->After[graph->Stack[--used]];
        for (ULONG i = 0; i < NODES; i++) {
            if (!has(after, i) || has(graph->Seen, i))
                continue;
            if (i == to)
                return true;
            add(graph->Seen, i);
            graph->Stack[used++] = (USHORT)i;
        }
    }
    return false;
}

// Adds the edges from what the thread holds. The held lock that closes a cycle, or NULL.
static const void *add_edges(const void *acquired)
{
    ULONG to = find_or_add(acquired);
    for (ULONG i = 0; i < held_count && to != NODES; i++) {
        ULONG from = find(held[i]);
        if (held[i] == acquired || from == NODES || has(graph->After[from], to))
            continue;
        if (reaches(to, from))
            return held[i];
        add(graph->After[from], to);
    }
    return NULL;
}

static bool holds(const void *address)
{
    for (ULONG i = 0; i < held_count; i++)
        if (held[i] == address)
            return true;
    return false;
}

void vf_lock_acquired(const void *address, bool tried)
{
    const void *other = NULL;
    if (!get_graph())
        return;
    ki_acquire(&lock);
    if (tried || holds(address))
        (void)find_or_add(address);
    else
        other = add_edges(address);
    ki_release(&lock);
    if (other != NULL)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001, (ULONG_PTR)address, (ULONG_PTR)other, 0,
               "deadlock: a lock hierarchy violation has been found: these two locks are acquired "
               "in both orders");
    if (held_count < HELD)
        held[held_count++] = address;
}

void vf_lock_released(const void *address)
{
    for (ULONG i = held_count; i-- > 0;) {
        if (held[i] != address)
            continue;
        held_count--;
        memmove(&held[i], &held[i + 1], (held_count - i) * sizeof(held[0]));
        return;
    }
}

void vf_lock_forget(const void *memory, SIZE_T bytes)
{
    if (graph == NULL)
        return;
    ki_acquire(&lock);
    for (ULONG i = 0; i < NODES; i++) {
        if (graph->Lock[i] == NULL || !ki_inside(graph->Lock[i], memory, bytes))
            continue;
        graph->Lock[i] = NULL;
        memset(graph->After[i], 0, sizeof(graph->After[i]));
        for (ULONG j = 0; j < NODES; j++)
            graph->After[j][i / 64] &= ~(1ull << i % 64);
    }
    ki_release(&lock);
}

void vf_locks_reset(void)
{
    held_count = 0;
    if (graph != NULL)
        memset(graph, 0, sizeof(*graph));
}
