// SPDX-License-Identifier: MIT
//
// What the kit needs from the system below it, and all it may use: threads with a park token,
// clocks, pages, a last word. port/ashlar implements it on the Ashlar runtime, port/posix on
// pthreads for host tests. Times are 100 ns units.
//
// Park token: each thread has one. port_unpark leaves a token; port_park takes it, waiting if there
// is none. Tokens do not add up, and a park may return early: callers loop on their own condition.

#ifndef DDK_PORT_H
#define DDK_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_FOREVER UINT64_MAX

struct port_thread;

// A new thread that runs entry(argument) and ends when it returns. NULL without resources.
struct port_thread *port_thread_create(void (*entry)(void *), void *argument);
// The calling thread as seen by port_unpark. The first thread of the task has one too.
struct port_thread *port_thread_current(void);
_Noreturn void port_thread_exit(void);
// The calling thread's stack: [low, high).
void port_stack_limits(uintptr_t *low, uintptr_t *high);

// One pointer a thread, NULL at first: the kit's KTHREAD.
void *port_thread_value(void);
void port_set_thread_value(void *value);

// Waits for the token or until port_monotonic() reaches deadline. False: the deadline came.
bool port_park(uint64_t deadline);
void port_unpark(struct port_thread *thread);

// Lets others run: called again and again by a thread that waits for a lock. attempt counts up.
void port_relax(unsigned attempt);

// Time since boot; time since 1601 UTC; processors; a counter and its frequency in Hz.
uint64_t port_monotonic(void);
uint64_t port_system_time(void);
// The clock's driver tells what system time it is now. May block.
void port_set_system_time(uint64_t time);
unsigned port_processors(void);
uint64_t port_counter(void);
uint64_t port_counter_frequency(void);

// Zeroed, page-aligned memory in units of 4096 bytes; NULL without memory. Free takes the whole.
void *port_pages_alloc(size_t pages);
void port_pages_free(void *address, size_t pages);

// The same with a page before and after that nobody may touch. Close: nobody may touch it any more,
// but its addresses are not used for anything else until it is freed.
void *port_pages_guarded(size_t pages);
void port_pages_close(void *address, size_t pages);
void port_pages_guarded_free(void *address, size_t pages);

// Memory that can be mapped more than once: zeroed pages with a first, writable mapping (NULL
// without memory), and further mappings of all of them. Each is unmapped by itself; the pages go
// with the last.
void *port_section_alloc(size_t pages);
void *port_section_map(void *first, size_t pages, bool writable);
void port_section_unmap(void *mapping, size_t pages);

// Tells a memory checker which bytes nobody may touch. May do nothing.
void port_poison(void *address, size_t bytes);
void port_unpoison(void *address, size_t bytes);

// Debug output of exactly n bytes; any thread.
void port_write(const char *text, size_t n);
void port_write_rest(void); // a line that has no end yet

// The end of the task, with a text for the crash report.
_Noreturn void port_die(uint32_t code, const uint64_t parameters[4], const char *text);

// From now on ki_process_event, ki_image_event and ki_thread_event are called for each process (and
// the image it runs) and each thread that comes or goes. False: cannot be done.
#define PORT_WATCH_PROCESSES 1u
#define PORT_WATCH_THREADS   2u
bool port_watch_processes(uint32_t kinds);
// Is there a process with that id? May block.
bool port_find_process(uint32_t id);

// Wakes the thread that runs ki_dispatch_run(): there is a DPC, or an earlier timer. Any thread.
void port_kick_dispatch(void);

#endif
