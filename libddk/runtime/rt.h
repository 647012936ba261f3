// SPDX-License-Identifier: MIT
//
// The runtime that makes a driver a task: requests from rings become IRPs (in), IRPs to devices of
// other tasks become requests (out), grants become MDLs.
//
// Threads: the dispatch thread waits on `completions` and runs ISRs, timers, DPCs and completions
// at DISPATCH_LEVEL; the server, one of the workers, waits on `requests` and runs dispatch routines
// at PASSIVE_LEVEL. Each ring end has a lock; it is held for ring operations only.
//
//    above --ring--> in.c --IRP--> driver --IRP--> out.c --ring--> below
//      ^                                                             |
//      +-- finish <-- IoCompleteRequest <-- dispatch thread <--------+

#ifndef DDK_RT_H
#define DDK_RT_H

#include "abi.h"

#include "../hal/hal.h"

// Bits of the notifications. 0..31 are doorbells of links.
#define RT_BIT_IRQ_FIRST 32u
#define RT_BIT_IRQ_COUNT 24u
#define RT_BIT_EVENT     61u // an event of an application was set
#define RT_BIT_TIMER     62u
#define RT_BIT_KICK      63u

// Standing of a proxy.
#define RT_STANDING_JOINED  1u // of a PDO: AddDevice for a stack that is started is under way
#define RT_STANDING_STARTED 2u // of a lower device: the START that it is passed ends here

struct rt_in;
struct rt_out;

// --- Pages opened to a device (dma.c).
struct rt_open {
    struct rt_open *next;
    uint64_t id; // of the memory manager
    uint64_t device, page;
    ULONG pages;
    BOOLEAN writes;
};
// Addresses that stay valid as long as the grant: 0 where not asked for yet. Read without a lock,
// so one that became too small stays until the grant is given back.
struct rt_addresses {
    struct rt_addresses *older;
    uint64_t device;
    uint64_t pages;
    uint64_t logical[];
};

// --- Grants that arrived on an inbound link (grant.c). Cached until the link goes or space is
// short.
struct rt_forward {
    struct rt_out *out;
    uint64_t out_link, grant;
};
#define RT_FORWARDS 3u
struct rt_grant {
    struct mm_backing backing;
    LIST_ENTRY entry; // most recently used first
    struct rt_in *in;
    uint64_t link, grant;
    uint64_t address, bytes;       // of the mapping, 0 if not mapped yet
    struct rt_addresses *known[2]; // for a device that reads, and one that writes
    bool opened;                   // to a device, at some time
    volatile LONG users;
    struct rt_forward forward[RT_FORWARDS];
};
struct rt_grant *rt_grant_find(struct rt_in *in, uint64_t grant); // with one user, or NULL
void rt_grant_put(struct rt_grant *grant);
void rt_grants_drop(struct rt_in *in);
PVOID rt_grant_address(struct rt_grant *grant); // of its byte 0, or NULL
NTSTATUS rt_grant_forward(struct rt_grant *grant, struct rt_out *out, uint64_t *id);
void rt_grants_are_held(void); // some of them now need to be given back when they are closed
void rt_grants_closed(void);   // some were: gives back those that nothing uses. By the server
void rt_dma_forget(struct rt_grant *grant);

// --- Inbound.
// Those in a free list hold nothing but `kept`: every other pointer is NULL.
struct rt_request {
    union {
        SLIST_ENTRY free;
        struct rt_request *next; // free one of the link
    };
    struct rt_in *in;
    int slot;
    volatile LONG refs; // 1 in flight, 1 while the server is at it, 1 while cancelling
    PIRP irp;           // NULL: not made yet
    PIRP kept;          // of the request before, to be made anew
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;
    struct rt_grant *grant;
    struct rt_in *target; // of LINK_REMOVED
    PVOID pool;           // buffer made for this request
    PVOID pool2;          // a second one
    PVOID out;            // output buffer of a control request without a grant
    struct rt_grant *input_grant;
    ULONG out_limit;   // bytes that may be returned from pool, or are in out
    BOOLEAN out_grant; // they go to the grant, else inline
    BOOLEAN out_whole; // all of out is returned
    BOOLEAN plain;     // holds nothing but device, file and grant, and is answered as it is
    struct ash_request wire;
    struct mm_backing backing; // mdl's Process: of the grant, for this request
    struct rt_open *opens;     // to devices, for this request
    struct rt_open open;       // the first of them
    MDL mdl;
    IO_SECURITY_CONTEXT security;
    UNICODE_STRING name;
    PVPB mount_vpb;
    uint64_t result[2];
    struct ki_user_ranges user; // addresses that are the requester's to the driver
};
// Makes mdl that of the IRP: `length` bytes from where the request says in its grant.
void rt_init_mdl(struct rt_request *request, ULONG length);
void rt_dma_close_all(struct rt_request *request);
// The request by which this task got an MDL's memory; NULL: it is its own.
FORCEINLINE struct rt_request *rt_request_of(PMDL mdl)
{
    struct mm_backing *backing = mm_backing_of(mdl);
    return backing != NULL ? CONTAINING_RECORD(backing, struct rt_request, backing) : NULL;
}
// Hands such an address to the driver; nothing for a requester in kernel mode.
void rt_user_range(struct rt_request *request, PVOID address, SIZE_T bytes, bool write);

// What each request looks at comes first; the ring's long arrays are last.
struct rt_in {
    LIST_ENTRY link;
    struct ki_lock lock; // of the ring, slot, free and ringing
    bool removed;
    bool dirty;              // not asleep: the server looks at it
    bool held;               // it does not, any more
    PDEVICE_OBJECT device;   // the last one asked for: referenced
    struct rt_request *free; // what the next requests are taken into
    ash_cptr doorbell;
    volatile LONG ringing; // threads that ring it without the lock
    unsigned grant_count;
    LIST_ENTRY grants;
    struct ash_link_info info;
    struct ash_answerer ring; // what it owes: the requests that refer to this
    struct rt_request *slot[ASH_LINK_SLOTS_MAX];
};

// rt_grant_find by the server, which alone changes the lists of links that are in use: so the grant
// used last is looked at without their lock.
FORCEINLINE struct rt_grant *rt_grant_get(struct rt_in *in, uint64_t id)
{
    struct rt_grant *first = CONTAINING_RECORD(in->grants.Flink, struct rt_grant, entry);
    if (IsListEmpty(&in->grants) || first->grant != id)
        return rt_grant_find(in, id);
    InterlockedIncrement(&first->users);
    return first;
}

NTSTATUS rt_in_add(const struct ash_link_info *info, ash_cptr doorbell, bool accept);
struct rt_in *rt_in_find(uint64_t link);
void rt_serve(void);
// May this kind of link carry this request? And this request this access? (allow.c)
bool rt_allowed(const struct rt_in *in, const struct ash_request *wire);
bool rt_access_granted(const struct ash_request *wire, ACCESS_MASK granted);
// Is the request of an OPEN link about the device that was opened, its file one of link?
NTSTATUS rt_check_opened(const struct rt_request *request, uint64_t link);
bool rt_may_read(ACCESS_MASK granted);
bool rt_may_write(ACCESS_MASK granted);
void rt_serve_wake(void);
void rt_probed(void);    // on the dispatch thread: answers it
unsigned rt_drain(void); // takes no more from files and drivers above: how many it owes

// Turns wire + inline data into the IRP's top location; a failure is the answer. (decode.c)
NTSTATUS rt_decode(struct rt_request *request, const void *in, ULONG in_bytes);
NTSTATUS rt_decode_pnp(struct rt_request *request, const void *in, ULONG in_bytes);
NTSTATUS rt_decode_control(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                           ULONG in_bytes); // control.c
// Into SystemBuffer: in_want bytes of input; room for out_bytes of output.
NTSTATUS rt_decode_buffered(struct rt_request *request, const void *in, ULONG in_bytes,
                            ULONG in_want, ULONG out_bytes);
// After completion: fills out (out_room bytes) and the answer.
void rt_encode_answer(struct rt_request *request, void *out, ULONG out_room,
                      struct ash_answer *answer);
void rt_encode_pnp_answer(struct rt_request *request, void *out, ULONG out_room,
                          struct ash_answer *answer);
void rt_finish(PIRP irp);
void rt_kit_request(struct rt_request *request, const void *in, ULONG in_bytes);
void rt_answer(struct rt_request *request, const struct ash_answer *answer);
void rt_answer_status(struct rt_request *request, NTSTATUS status);
void rt_link_removed(struct rt_request *request);
void rt_cancel_all(struct rt_in *in); // each request of a link that is going
void rt_request_release(struct rt_request *request);
struct rt_request *rt_request_new(const struct rt_in *in); // seldom: the link has no free one
void rt_request_unused(struct rt_request *request);        // it is free, and no link's

// --- Outbound.
// What an outbound request holds until it is answered.
struct rt_sent {
    PVOID buffer; // where data out goes (own memory), or NULL
    ULONG length; // of buffer
    ULONG bounce; // offset + 1 in the bounce section, 0 none
    ULONG pages;  // of it
    BOOLEAN copy_out;
    BOOLEAN whole; // all of `length` comes back, whatever the answer says
    ULONG out_at;  // of the data that comes back, in the bounce space
    PMDL chain;    // where data comes back to instead of buffer
};
struct rt_out {
    LIST_ENTRY link;
    struct ash_link_info info;
    struct ash_requester ring;
    struct ki_lock lock;
    ash_cptr doorbell;
    LIST_ENTRY waiting; // IRPs for which there was no slot or no bounce space
    PIRP irp[ASH_LINK_SLOTS_MAX];
    struct rt_sent sent[ASH_LINK_SLOTS_MAX];
    PCHAR bounce; // one section granted to the answerer for data of this task's own memory
    uint64_t bounce_grant;
    RTL_BITMAP bounce_map;
    ULONG bounce_bits[2];
    bool dead; // let go of: its memory may be gone
    bool asked_uses;
    const _Atomic uint16_t *uses; // by slot: what is still open to a device for the request there
};
struct rt_out *rt_out_add(const struct ash_link_info *info, ash_cptr doorbell);
void rt_out_let_go(struct rt_out *out);
void rt_out_closed(struct rt_out *out); // grants that were forwarded on it are: tells its answerer
void rt_out_complete(uint64_t bits);    // on the dispatch thread
NTSTATUS rt_proxy_dispatch(PDEVICE_OBJECT device, PIRP irp);
extern DRIVER_OBJECT rt_proxy_driver;

#define RT_BOUNCE_PAGES 64u
NTSTATUS rt_encode(struct rt_out *out, int slot, PIRP irp, struct rt_sent *sent);
NTSTATUS rt_encode_pnp(struct ash_request *wire, void *in, ULONG room, PIRP irp);
// Takes data and status into the IRP.
void rt_decode_answer(struct rt_out *out, int slot, PIRP irp, struct rt_sent *sent,
                      const struct ash_answer *answer);
void rt_decode_pnp_answer(PIRP irp, const void *data, const struct ash_answer *answer);
PVOID rt_bounce_take(struct rt_out *out, ULONG bytes, struct rt_sent *sent); // lock held
void rt_bounce_give(struct rt_out *out, struct rt_sent *sent);
NTSTATUS rt_query_interface(PDEVICE_OBJECT proxy, PIO_STACK_LOCATION location);

// --- Devices (device.c).
// The local proxy (or own device) for a device; referenced. NULL without memory.
PDEVICE_OBJECT rt_proxy(const struct ash_device_info *info);
PDEVICE_OBJECT rt_device_by_id(uint64_t id); // proxy made if needed
void rt_proxy_set_link(PDEVICE_OBJECT proxy, struct rt_out *out);
NTSTATUS rt_proxy_open(PDEVICE_OBJECT proxy); // makes sure it has a link
void rt_sync_devices(void);                   // tells io of flags that changed
FORCEINLINE struct rt_out *rt_link_of(PDEVICE_OBJECT proxy)
{
    return io_device(proxy)->Proxy;
}
extern DRIVER_OBJECT rt_driver;
void rt_remember_vector(PDEVICE_OBJECT device, const CM_RESOURCE_LIST *translated);

// --- Files.
// Referenced, or NULL. A file opened by an application belongs to the link its requests come from,
// and allows what was asked for at the open; `link` and `access` may be NULL.
PFILE_OBJECT rt_file_find(uint64_t id, uint64_t *link, ACCESS_MASK *access);
bool rt_file_open_on(uint64_t link, PDEVICE_OBJECT device); // is there one?
NTSTATUS rt_file_add(PFILE_OBJECT file, uint64_t id, uint64_t link, ACCESS_MASK access);
void rt_file_remove(uint64_t id);
FORCEINLINE uint64_t rt_file_id(PFILE_OBJECT file)
{
    return file != NULL ? (ULONG_PTR)file->FileObjectExtension : 0;
}

// --- Notifications and the dispatch thread (main.c).
extern ash_cptr rt_requests, rt_completions;
ash_cptr rt_mint(ash_cptr notification, unsigned bit);
void rt_interrupts(uint64_t bits); // interrupt.c: runs ISRs
// The dispatch thread is about to wait until `next` (100 ns): until when at most.
uint64_t rt_interrupts_settle(uint64_t next);
extern volatile uint64_t rt_answered; // when the last request was (ticks)
uint64_t rt_ticks_of(uint64_t time);  // 100 ns to ticks, and back
uint64_t rt_time_of(uint64_t ticks);

// Doorbells (bell.c).
void rt_ring(ash_cptr bell);
bool rt_keep_bell(ash_cptr bell);  // false: to be rung now
void rt_defer_bells(bool defer);   // the calling thread flushes before it waits
void rt_acknowledge(ash_cptr irq); // before the calling thread waits
void rt_flush_bells(void);
uint64_t rt_flush_and_wait(ash_cptr notification);

void rt_nap(void); // of the dispatch thread: a moment, keeping its signals
bool rt_is_dispatch_thread(void);
void rt_protocol_error(uint64_t link, const char *rule);

// CM_RESOURCE_LIST and strings of unknown length: their size if it fits in room, else 0.
ULONG rt_resource_list_bytes(const CM_RESOURCE_LIST *list, ULONG room);
ULONG rt_string_bytes(const WCHAR *text, bool multi, ULONG room);
void rt_utf8_to_string(UNICODE_STRING *to, const char *text,
                       ULONG bytes); // pool, NULL Buffer: none
ULONG rt_string_to_utf8(char *to, ULONG room, PCUNICODE_STRING from);

// power.c: requests to the power manager.
void rt_power_init(void);
void rt_power_done(uint64_t number, NTSTATUS status, bool woke);
// context.c: the calling thread is in the requester's context meanwhile.
void rt_enter_context(const struct rt_request *request);
void rt_leave_context(void);

// user_event.c: wakes those who wait for events of applications. On the dispatch thread.
void rt_user_events(void);

// exception.c: faults inside of a __try are raised there from now on.
void rt_take_faults(void);

#endif
