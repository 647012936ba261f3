// SPDX-License-Identifier: MIT
//
// The life of a driver task: register with the I/O manager, start the dispatch thread, run
// DriverEntry, report, then serve requests until ASH_MJ_UNLOAD.

#include "../vf/vf.h"
#include "rt.h"

#define NAP_MICROSECONDS 20u
#define PATH_CHARS       128

ash_cptr rt_requests, rt_completions;
DRIVER_OBJECT rt_driver;

static DRIVER_EXTENSION driver_extension, proxy_extension;
DRIVER_OBJECT rt_proxy_driver;
static ash_cptr kick, wake;
static uint64_t kept_signals;               // of the dispatch thread, from naps
static struct ash_thread_block *dispatcher; // which thread it is
static volatile LONG dispatch_asleep;
static uint64_t timer_set_for = PORT_FOREVER; // its timer's deadline, if one is set

DRIVER_INITIALIZE DriverEntry;

ash_cptr rt_mint(ash_cptr notification, unsigned bit)
{
    ash_cptr slot = ash_slot_alloc();
    if (slot == ASH_NULL_CPTR)
        return ASH_NULL_CPTR;
    if (ash_cnode_mint(ASH_SLOT_CNODE, slot, notification, ASH_RIGHT_WRITE, (ash_word)1 << bit) ==
        ASH_OK)
        return slot;
    ash_slot_free(slot);
    return ASH_NULL_CPTR;
}

bool rt_is_dispatch_thread(void)
{
    return ash_self() == dispatcher;
}

void rt_nap(void)
{
    rt_flush_bells();
    timer_set_for = PORT_FOREVER;
    if (ash_timer_set(ash_self()->timer, ash_time() + ash_ticks(NAP_MICROSECONDS)) == ASH_OK)
        kept_signals |= ash_wait(rt_completions);
}

void port_kick_dispatch(void)
{
    if (__atomic_exchange_n(&dispatch_asleep, 0, __ATOMIC_SEQ_CST) != 0)
        ash_signal(kick);
}

// Sleeps until a signal or the next timer. dispatch_asleep goes up before the queues are looked at
// for the last time, so a kick is never lost.
static uint64_t wait_for_signals(uint64_t next_timer)
{
    uint64_t bits = kept_signals;
    kept_signals = 0;
    if (bits != 0) {
        rt_flush_bells();
        return bits;
    }
    if (next_timer < timer_set_for || (next_timer > timer_set_for && next_timer != PORT_FOREVER &&
                                       timer_set_for <= port_monotonic())) {
        if (ash_timer_set(ash_self()->timer, rt_ticks_of(next_timer)) != ASH_OK)
            ki_violation(TIMER_OR_DPC_INVALID, "kit: the dispatch thread has no timer", 0, 0);
        timer_set_for = next_timer;
    }
    [[clang::always_inline]] bits = rt_flush_and_wait(rt_completions);
    if ((bits >> RT_BIT_TIMER & 1) != 0)
        timer_set_for = PORT_FOREVER;
    return bits;
}

// The I/O manager asks whether this thread still comes round; or an event of an application was
// set.
KI_COLD static void seldom(uint64_t bits)
{
    C_ASSERT(RT_BIT_EVENT == ASH_BIT_PROBE + 1);
    if ((bits >> ASH_BIT_PROBE & 1) != 0)
        rt_probed();
    if ((bits >> RT_BIT_EVENT & 1) != 0)
        rt_user_events();
}

static void dispatch_thread(void *argument)
{
    ash_cptr timer_bell = rt_mint(rt_completions, RT_BIT_TIMER);
    (void)argument;
    dispatcher = ash_self();
    rt_defer_bells(true);
    if (ash_timer_bind(ash_self()->timer, timer_bell) != ASH_OK)
        ki_violation(TIMER_OR_DPC_INVALID, "kit: the dispatch thread has no timer", 0, 0);
    for (;;) {
        __atomic_store_n(&dispatch_asleep, 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        uint64_t next = rt_interrupts_settle(ki_dispatch_run());
        uint64_t bits = wait_for_signals(next);
        __atomic_store_n(&dispatch_asleep, 0, __ATOMIC_SEQ_CST);
        rt_interrupts(bits);
        rt_out_complete(bits);
        if ((bits >> ASH_BIT_PROBE & 3) != 0)
            seldom(bits);
    }
}

static void start_dispatch_thread(void)
{
    const struct ash_thread_options options = {.priority = ASH_PRIORITY_DRIVER};
    const struct ash_thread_options lower = {.priority = ASH_PRIORITY_BASE};
    unsigned number;
    if (!ash_success(ash_thread_create(dispatch_thread, NULL, &options, &number)) &&
        !ash_success(ash_thread_create(dispatch_thread, NULL, &lower, &number)))
        ash_panic("no dispatch thread");
}

static void register_driver(void)
{
    struct ash_io_link_reply reply;
    if (!ash_success(ash_notification_create(&rt_completions)))
        ash_panic("no notification");
    struct ash_caps caps = {.send = &rt_completions, .send_count = 1, .receive = 2};
    ash_status status =
        ash_request_caps(ASH_SLOT_IO, ASH_IO_REGISTER, NULL, 0, &reply, sizeof(reply), &caps);
    if (!ash_success(status) || caps.received != 2)
        ash_panic("the I/O manager refused the driver: %x", (unsigned)status);
    rt_requests = caps.slot[1];
    kick = rt_mint(rt_completions, RT_BIT_KICK);
    wake = rt_mint(rt_requests, RT_BIT_KICK);
    if (!NT_SUCCESS(rt_in_add(&reply.link, caps.slot[0], false)))
        ash_panic("no memory for the control link");
}

static NTSTATUS run_driver_entry(void)
{
    static WCHAR path[PATH_CHARS], name[PATH_CHARS];
    UNICODE_STRING registry_path = {0, sizeof(path) - sizeof(WCHAR), path};
    struct ki_state state;
    ULONG bytes;
    (void)RtlAppendUnicodeToString(&registry_path,
                                   L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\");
    const char *task = ash_start()->name;
    (void)RtlUTF8ToUnicodeN(name, sizeof(name) - sizeof(WCHAR), &bytes, task,
                            (ULONG)strnlen(task, sizeof(ash_start()->name)));
    (void)RtlAppendUnicodeToString(&registry_path, name);
    io_init_driver(&rt_driver, &driver_extension);
    RtlInitUnicodeString(&driver_extension.ServiceKeyName, name);
    rt_driver.DriverName = driver_extension.ServiceKeyName;
    rt_driver.DriverInit = DriverEntry;
    ki_enter(&state, KI_IN_DRIVER_ENTRY, (void *)DriverEntry, &rt_driver, NULL);
    NTSTATUS status = DriverEntry(&rt_driver, &registry_path);
    ki_check_state(&state, "DriverEntry returned with IRQL or locks changed", (void *)DriverEntry);
    for (PDEVICE_OBJECT device = rt_driver.DeviceObject; device != NULL;
         device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

static void init_proxy_driver(void)
{
    io_init_driver(&rt_proxy_driver, &proxy_extension);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        rt_proxy_driver.MajorFunction[i] = rt_proxy_dispatch;
}

void rt_serve_wake(void)
{
    ash_signal(wake);
}

static const struct ki_server server = {rt_serve, rt_serve_wake, rt_flush_bells};

// The I/O manager passes on what the driver is verified with (abi/io.h).
static void take_options(int argc, char **argv)
{
    static const char word[] = "verify=";
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], word, sizeof(word) - 1) != 0)
            continue;
        if (!vf_configure(argv[i] + sizeof(word) - 1))
            ash_log("not verified: the options are not understood: %s", argv[i]);
    }
}

int main(int argc, char **argv)
{
    take_options(argc, argv);
    init_proxy_driver();
    rt_power_init();
    rt_take_faults();
    register_driver();
    start_dispatch_thread();
    NTSTATUS status = run_driver_entry();
    rt_sync_devices();
    const struct ash_io_status_request request = {
        .status = (ULONG)status,
        .has_add_device = driver_extension.AddDevice != NULL,
        .has_unload = rt_driver.DriverUnload != NULL,
    };
    ash_status reported =
        ash_request(ASH_SLOT_IO, ASH_IO_INITIALIZED, &request, sizeof(request), NULL, 0);
    if (!NT_SUCCESS(status) || !ash_success(reported))
        ash_exit(status);
    io_run_reinitialize(&rt_driver);
    ki_set_server(&server);
    ki_worker_loop();
}
