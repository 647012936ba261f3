// SPDX-License-Identifier: MIT
/*
 * Errors of system calls and object methods. A method answers with the error in the label of the
 * reply; mr0 and mr1 then carry the detail named here. A method that answers with an error has
 * changed nothing.
 */
#ifndef ABI_KERNEL_ERROR_H
#define ABI_KERNEL_ERROR_H

enum ash_error {
    ASH_OK = 0,
    ASH_E_CAPABILITY = 1, /* the invoked path names no capability. mr0: the path               */
    ASH_E_METHOD = 2,     /* the object has no such method. mr0: the method                    */
    ASH_E_ARGUMENT = 3,   /* an argument has no meaning here. mr0: its number, from 0          */
    ASH_E_RANGE = 4,      /* an argument is out of range. mr0: its number, mr1: the largest    */
    ASH_E_ALIGNMENT = 5,  /* an address is not aligned. mr0: argument, mr1: alignment in bytes */
    ASH_E_SOURCE = 6,     /* a capability argument is missing or of a wrong kind. mr0: which   */
    ASH_E_OCCUPIED = 7,   /* the destination slot holds a capability. mr0: its index           */
    ASH_E_MEMORY = 8,     /* the Untyped is too small. mr0: bytes left                         */
    ASH_E_RIGHTS = 9,     /* the capability lacks a right. mr0: the rights needed              */
    ASH_E_DERIVED = 10,   /* capabilities derived from this one exist: revoke first            */
    ASH_E_BUSY = 11,      /* already bound, mapped, started or in use                          */
    ASH_E_NOT_BOUND = 12, /* not bound, mapped, or configured yet                              */
    ASH_E_NO_TABLE = 13,  /* a page table is missing. mr0: the bits its entry would span       */
    ASH_E_WX = 14,        /* a mapping cannot be writable and executable at once               */
    ASH_E_EXHAUSTED = 15, /* a fixed resource of the kernel is used up (ASIDs)                 */
    ASH_E_TRUNCATED = 16, /* the message has fewer words or capabilities than the method needs */
    ASH_E_AGAIN = 17,     /* nothing was waiting (NBRecv, Poll)                                */
    ASH_E_DELETED = 18,   /* the object went away while the caller waited on it                */
};

#endif
