// SPDX-License-Identifier: MIT
//
// What the driver and the program that provokes it agree on: a read of \Device\MisbehaveN whose
// offset is a number of this list does it. N is the first free number from 0, so that an instance
// can be loaded after the one before it died.
#ifndef MISBEHAVE_KINDS_H
#define MISBEHAVE_KINDS_H

#define MISBEHAVE_DEVICES 64u

// number, name, what it does
#define MISBEHAVE_KINDS(KIND)                                                                      \
    KIND(Good, "good", "answers as it should")                                                     \
    KIND(Null, "null", "jumps to null")                                                            \
    KIND(Kernel, "kernel", "writes into the kernel's half of the address space")                   \
    KIND(Physical, "physical", "writes to addresses that are RAM and devices physically")          \
    KIND(Code, "code", "writes over its own code")                                                 \
    KIND(Data, "data", "executes data")                                                            \
    KIND(Stack, "stack", "recurses for ever")                                                      \
    KIND(Privileged, "privileged", "writes a register of the kernel")                              \
    KIND(Syscall, "syscall", "calls the kernel by a number that is none")                          \
    KIND(Caught, "caught", "takes every fault of the processor in a __try, and lives on")          \
    KIND(Irql, "irql", "waits while it holds a spin lock")                                         \
    KIND(Bugcheck, "bugcheck", "asks for a bug check")                                             \
    KIND(Spin, "spin", "loops for ever at the highest priority it gets")                           \
    KIND(SpinAll, "spin-all", "loops on every thread it gets, at the highest priority")            \
    KIND(Threads, "threads", "makes threads until there are none")                                 \
    KIND(Pool, "pool", "takes pool until there is none")                                           \
    KIND(Messages, "messages", "sends random messages to every manager")                           \
    KIND(Forge, "forge", "uses capabilities it was never given")                                   \
    KIND(Rings, "rings", "fills its answer areas with random bytes")                               \
    KIND(Index, "index", "answers a slot that does not exist")                                     \
    KIND(Sequence, "sequence", "answers with a sequence number of the future")                     \
    KIND(Tail, "tail", "says it has answered a million requests")                                  \
    KIND(Length, "length", "claims more bytes than there is room for")                             \
    KIND(Twice, "twice", "completes a request twice")                                              \
    KIND(Never, "never", "keeps a request for ever, deaf to its cancellation")                     \
    KIND(Dropped, "dropped", "returns without completing")                                         \
    KIND(Unmarked, "unmarked", "returns STATUS_PENDING without marking the IRP")                   \
    KIND(Pending, "pending", "completes with the status STATUS_PENDING")                           \
    KIND(Overrun, "overrun", "writes behind a block of pool")                                      \
    KIND(Underrun, "underrun", "writes in front of a block of pool")                               \
    KIND(AfterFree, "after-free", "reads a block of pool that it has freed")                       \
    KIND(FreeTwice, "free-twice", "frees a block of pool twice")                                   \
    KIND(Tag, "tag", "frees pool with another tag")                                                \
    KIND(Timer, "timer", "frees memory with a timer in it that is set")                            \
    KIND(Resource, "resource", "frees memory with a resource in it")                               \
    KIND(IrpPool, "irp-pool", "frees an IRP as if it were pool")                                   \
    KIND(FreeForeign, "free-foreign", "frees the IRP that it was sent")                            \
    KIND(Locations, "locations", "calls on until the IRP has no location left")                    \
    KIND(String, "string", "names a link by a malformed string")                                   \
    KIND(LockLeft, "lock-left", "returns with a spin lock held")                                   \
    KIND(Region, "region", "returns in a critical region")                                         \
    KIND(IrqlLeft, "irql-left", "returns with its IRQL raised")                                    \
    KIND(Dpc, "dpc", "returns from a DPC with its IRQL raised")                                    \
    KIND(Order, "order", "takes two locks in both orders")                                         \
    KIND(Memory, "memory", "takes some pool and gives it back")                                    \
    KIND(Leak, "leak", "takes pool and forgets it")                                                \
    KIND(Doorbells, "doorbells", "rings every doorbell it has for ever")                           \
    KIND(Exit, "exit", "ends its task")

enum MisbehaveKind {
#define MISBEHAVE_NUMBER(number, name, help) Misbehave##number,
    MISBEHAVE_KINDS(MISBEHAVE_NUMBER)
#undef MISBEHAVE_NUMBER
        MisbehaveCount
};

#endif
