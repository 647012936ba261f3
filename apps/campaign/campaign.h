// SPDX-License-Identifier: MIT
/*
 * The guest's part of the fault-injection campaign (docs/campaign.md): it reads a plan that the
 * developer's machine put into the boot package, does one trial after the other, and prints a line
 * of JSON for each. Everything is decided by the plan; nothing here is random.
 *
 *   plan.c     the plan's lines            inject.c   tasks: find, alter, trap, end
 *   client.c   requests, each verified     witness.c  the same on a disk that has no part in it
 *   trial.c    one trial                   main.c     all of them
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include "ash/file.h"
#include "kernel/types.h"

/* --- plan.c ----------------------------------------------------------------------------------- */

enum kind {
    KIND_ALTER =
        'x',         /* `data` takes the place of the instruction at `address` when it is reached */
    KIND_END = 'e',  /* the driver ends when it reaches the instruction at `address` */
    KIND_FLIP = 'f', /* the bits of `data` in the word at `address` change */
    KIND_STACK = 's',    /* the same, `address` above the stack pointer of thread `thread` */
    KIND_KILL = 'k',     /* the driver is ended */
    KIND_REGISTER = 'r', /* when it is reached: bits of register `target` change; */
    KIND_MEMORY = 'm',   /* of what is `target` bytes behind where register `thread` points; */
    KIND_PLACE = 'w',    /* the same, but `data` is what is there then; */
    KIND_RETURN = 'v',   /* the function returns at once, with `data`; */
    KIND_TWICE = 't',    /* is called twice (`target`: the entry point, where nobody comes by); */
    KIND_EXCHANGE = 'o', /* the first call of it is put off, and takes the place of the next one */
    KIND_HEAP = 'h', /* bits change `target` bytes below where the pointer at `address` points */
    KIND_NONE = 'n', /* nothing */
};

struct trial {
    unsigned number;
    enum kind kind;
    ash_word address;
    unsigned char data[8];
    unsigned bytes;
    unsigned skip; /* requests before it */
    unsigned thread;
    ash_word target;
};

struct plan {
    char target[32];        /* name of the driver's task */
    unsigned disk, witness; /* their sizes, KiB, by which they are told apart */
    unsigned options;       /* with which the disk is opened */
    unsigned requests;      /* of one trial */
    unsigned patience;      /* milliseconds without any answer: the driver hangs */
};

/* STATUS_NO_SUCH_FILE: there is no plan in the boot package; STATUS_NO_MEMORY. */
[[nodiscard]] ash_status plan_load(struct plan *plan);
/* The next trial; false: no more. */
bool plan_trial(struct trial *trial);
/* How long requests are to be made, and how far apart the driver is ended; false: no more. */
bool plan_load_next(unsigned *milliseconds, unsigned *period);
/* The next addresses whose execution is to be noted; how many. */
unsigned plan_cover(uint32_t *address, unsigned most);

/* --- inject.c --------------------------------------------------------------------------------- */

/* The running task of that name, 0: none. Later tasks have greater numbers: one that came after
 * `after`. */
ash_word task_named(const char *name, ash_word after);
bool task_runs(ash_word task);
[[nodiscard]] ash_status inject(ash_word task, const struct trial *trial);
/* Whether the fault waits until an instruction is reached. */
bool inject_traps(const struct trial *trial);
/* Has the trial's instruction been reached? Ticks since then in *when. */
bool inject_reached(ash_word task);
[[nodiscard]] ash_status cover_begin(ash_word task);
void cover_print(void);
/* First line of the newest crash report if it is on that task; else an empty text. */
void report_of(ash_word task, char *text, size_t size);
ash_word microseconds_since(ash_word ticks);

/* --- client.c --------------------------------------------------------------------------------- */

#define BLOCK     4096u
#define BLOCKS    64u /* the disk under test has no others */
#define IN_FLIGHT 8u

struct tally {
    unsigned answered;
    unsigned errors;   /* answered with a failure */
    ash_status status; /* the first of them */
    unsigned wrong;    /* reads that succeeded with other bytes than were written */
    unsigned stale;    /* of these: with older ones; */
    unsigned foreign;  /* with another block's */
    unsigned lost;     /* requests without an answer, though the driver had been ended */
    unsigned reopened;
    ash_word gap; /* the longest time without an answer, ticks */
};

enum client_state { CLIENT_FINE, CLIENT_HANGS, CLIENT_FAILED };

/* The path of the disk of so many KiB. STATUS_NO_SUCH_DEVICE: there is none. */
[[nodiscard]] ash_status disk_of(unsigned kibibytes, char path[static 32]);
/* The path is kept, as is the plan. */
[[nodiscard]] ash_status client_open(const char *path, const struct plan *plan);
/* Fills the disk. */
[[nodiscard]] enum client_state client_prepare(void);
/* A new tally and a new sequence of requests. */
void client_begin(uint64_t seed);
/* Goes on until so many have been answered since client_begin. */
[[nodiscard]] enum client_state client_run(unsigned until);
/* As many as go are started, none is waited for. */
void client_fill(void);
/* Waits for all that are out; those that get no answer in `ms` are lost. */
[[nodiscard]] enum client_state client_drain(unsigned ms);
/* Reads the whole disk. Wrong blocks are counted, and written anew. */
[[nodiscard]] enum client_state client_verify(void);
struct tally client_tally(void);

/* --- witness.c -------------------------------------------------------------------------------- */

[[nodiscard]] ash_status witness_open(const char *path);
/* Looks whether its request is done, without waiting; if so, the next one. */
void witness_step(void);
/* Works on for so long. The thread's own timer belongs to the library's waiting. */
void witness_pause(ash_word microseconds);
/* Waits for the one under way. What was wrong since the last call: null, nothing. */
const char *witness_verdict(void);
unsigned witness_count(void);

/* --- trial.c ---------------------------------------------------------------------------------- */

/* False: the driver has failed for good, and there can be no further trial. */
bool trial_run(const struct plan *plan, const struct trial *trial);

/* What lies in word w of a block that was written for the g-th time: tells all three. */
uint64_t content_word(unsigned block, unsigned generation, unsigned word);
void content_fill(uint64_t *to, unsigned block, unsigned generation);
bool content_holds(const uint64_t *from, unsigned block, unsigned generation, unsigned first,
                   unsigned words);
/* The block and generation that a word tells; false: it is none of ours. */
bool content_of(uint64_t word, unsigned *block, unsigned *generation);

#endif
