// SPDX-License-Identifier: MIT
/*
 * Words, capability addresses and rights: what user space and the kernel mean by a number.
 *
 * A capability address (cptr) is a path, read from its low end. In a CNode of radix r the low r
 * bits choose a slot. If what remains above them is zero the path ends there; otherwise the slot
 * must hold a CNode and (remainder - 1) is the path inside that CNode.
 *
 *      cptr   63                      r r-1        0
 *            +-------------------------+------------+
 *            |  0 = end, else rest + 1 |  slot      |
 *            +-------------------------+------------+
 */
#ifndef ABI_KERNEL_TYPES_H
#define ABI_KERNEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t ash_word;
typedef uint64_t ash_cptr;

/* Slot 0 of every CSpace is left empty by convention, so that 0 names no capability. */
#define ASH_NULL_CPTR ((ash_cptr)0)

#define ASH_PAGE_BITS     12u
#define ASH_PAGE_SIZE     ((ash_word)1 << ASH_PAGE_BITS)
#define ASH_MEGAPAGE_BITS 21u
#define ASH_GIGAPAGE_BITS 30u

/* User addresses lie in [0, ASH_USER_TOP): the lower half of Sv39. */
#define ASH_USER_TOP ((ash_word)1 << 38)

/* The path of slot `index` in the CNode that lies in slot `cnode` of a root CNode of `radix`. */
static inline ash_cptr ash_cptr_in(ash_cptr cnode, unsigned radix, ash_word index)
{
    return cnode | ((index + 1) << radix);
}

/* Rights of a capability. What each means depends on the object; see abi/kernel/object.h. */
enum ash_right {
    ASH_RIGHT_READ = 1u << 0,        /* receive, wait, map readable                        */
    ASH_RIGHT_WRITE = 1u << 1,       /* send, signal, map writable                         */
    ASH_RIGHT_GRANT = 1u << 2,       /* send capabilities along with a message             */
    ASH_RIGHT_GRANT_REPLY = 1u << 3, /* let the receiver answer (Call) with no other grant */
    ASH_RIGHT_EXECUTE = 1u << 4,     /* map executable                                     */
    ASH_RIGHT_ALL = 0x1fu,
};

#endif
