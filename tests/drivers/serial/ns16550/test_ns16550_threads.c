// SPDX-License-Identifier: MIT
// The 16550 driver on the real kit with real threads: what is written comes back through a chip
// that loops its output to its input, while reads are cancelled at random moments. Every byte
// arrives once and in order, every IRP completes once.
#include "ash_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "port.h"
#include "posix.h"

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

enum { BYTES = 60000, WINDOW = 2000, VECTOR = 10, MEMORY = 0x10000000 };

// ---- the chip ----

static pthread_mutex_t chip_lock = PTHREAD_MUTEX_INITIALIZER;
static UCHAR fifo_out[UART_FIFO], fifo_in[UART_FIFO];
static unsigned out_count, in_count;
static UCHAR ier, lcr;
static bool thr_event;
static atomic_bool stop;

static UCHAR interrupt_id(void)
{
    if ((ier & IER_RECEIVE) != 0 && in_count != 0) {
        return 0x04;
    }
    return (ier & IER_TRANSMIT) != 0 && thr_event ? 0x02 : IIR_NONE;
}

static UCHAR take_in(void)
{
    UCHAR byte = fifo_in[0];
    memmove(fifo_in, fifo_in + 1, --in_count);
    return byte;
}

UCHAR UartRead(const UART *uart, ULONG number)
{
    UCHAR value = 0;
    (void)uart;
    pthread_mutex_lock(&chip_lock);
    if (number == UART_RBR && in_count != 0) {
        value = take_in();
    } else if (number == UART_LSR) {
        value = (UCHAR)((in_count != 0 ? LSR_DATA : 0) |
                        (out_count == 0 ? LSR_THR_EMPTY | LSR_IDLE : 0));
    } else if (number == UART_IIR) {
        value = interrupt_id();
        thr_event = value == 0x02 ? false : thr_event;
    } else if (number == UART_LCR) {
        value = lcr;
    }
    pthread_mutex_unlock(&chip_lock);
    return value;
}

VOID UartWrite(const UART *uart, ULONG number, UCHAR value)
{
    (void)uart;
    pthread_mutex_lock(&chip_lock);
    if (number == UART_THR && out_count < UART_FIFO) {
        fifo_out[out_count++] = value;
        thr_event = false;
    } else if (number == UART_IER) {
        thr_event = thr_event || ((value & ~ier & IER_TRANSMIT) != 0 && out_count == 0);
        ier = value;
    } else if (number == UART_LCR) {
        lcr = value;
    }
    pthread_mutex_unlock(&chip_lock);
}

// Moves what was sent to the input when that is empty, and raises the interrupt.
static void *chip_thread(void *argument)
{
    while (!atomic_load(&stop)) {
        pthread_mutex_lock(&chip_lock);
        if (out_count != 0 && in_count == 0) {
            memcpy(fifo_in, fifo_out, out_count);
            in_count = out_count;
            out_count = 0;
            thr_event = true;
        }
        bool raise = interrupt_id() != IIR_NONE;
        pthread_mutex_unlock(&chip_lock);
        if (raise) {
            posix_interrupt(VECTOR);
        }
        usleep(20);
    }
    return argument;
}

// ---- the machine ----

static DRIVER_OBJECT driver, bus;
static DRIVER_EXTENSION driver_extension, bus_extension;
static PDEVICE_OBJECT pdo;

static NTSTATUS bus_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->MinorFunction != IRP_MN_READ_CONFIG) {
        irp->IoStatus.Status = STATUS_SUCCESS;
    }
    NTSTATUS status = irp->IoStatus.Status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS request_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    (void)KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

struct call {
    PIRP irp;
    KEVENT event;
};

static void begin(struct call *call, UCHAR major, UCHAR *buffer, ULONG length)
{
    PDEVICE_OBJECT top = IoGetAttachedDevice(pdo);
    KeInitializeEvent(&call->event, NotificationEvent, FALSE);
    call->irp = IoAllocateIrp(top->StackSize, FALSE);
    call->irp->AssociatedIrp.SystemBuffer = buffer;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(call->irp);
    next->MajorFunction = major;
    next->Parameters.Read.Length = length;
    IoSetCompletionRoutine(call->irp, request_done, &call->event, TRUE, TRUE, TRUE);
    (void)IoCallDriver(top, call->irp);
}

static NTSTATUS end(struct call *call, ULONG *bytes)
{
    (void)KeWaitForSingleObject(&call->event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = call->irp->IoStatus.Status;
    *bytes = (ULONG)call->irp->IoStatus.Information;
    IoFreeIrp(call->irp);
    return status;
}

static NTSTATUS pnp(UCHAR minor, PCM_RESOURCE_LIST resources)
{
    PDEVICE_OBJECT top = IoGetAttachedDevice(pdo);
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    next->Parameters.StartDevice.AllocatedResources = resources;
    next->Parameters.StartDevice.AllocatedResourcesTranslated = resources;
    IoSetCompletionRoutine(irp, request_done, &event, TRUE, TRUE, TRUE);
    (void)IoCallDriver(top, irp);
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS start_port(void)
{
    static _Alignas(4096) UCHAR registers[4096];
    static CM_RESOURCE_LIST resources = {.Count = 1};
    PCM_PARTIAL_RESOURCE_LIST list = &resources.List[0].PartialResourceList;
    list->Count = 1;
    list->PartialDescriptors[0].Type = CmResourceTypeMemory;
    list->PartialDescriptors[0].u.Memory.Start.QuadPart = MEMORY;
    list->PartialDescriptors[0].u.Memory.Length = sizeof registers;
    posix_add_memory(MEMORY, registers, sizeof registers);
    (void)posix_init_driver(&bus, &bus_extension, NULL);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        bus.MajorFunction[i] = bus_dispatch;
    }
    NTSTATUS status = IoCreateDevice(&bus, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo);
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    posix_set_vector(pdo, VECTOR);
    if (NT_SUCCESS(status)) {
        status = posix_init_driver(&driver, &driver_extension,
                                   (int32_t (*)(DRIVER_OBJECT *, void *))(void *)DriverEntry);
    }
    if (NT_SUCCESS(status)) {
        status = driver.DriverExtension->AddDevice(&driver, pdo);
    }
    return NT_SUCCESS(status) ? pnp(IRP_MN_START_DEVICE, &resources) : status;
}

// ---- the test ----

static atomic_uint written, read_back;
static atomic_uint wrong, cancelled;

static UCHAR expected(unsigned index)
{
    return (UCHAR)(index * 7 + index / 251);
}

static void *writer(void *argument)
{
    static UCHAR buffer[700];
    unsigned at = 0;
    while (at < BYTES) {
        while (at - atomic_load(&read_back) >= WINDOW) {
            usleep(50);
        }
        ULONG length = 1 + at * 31 % sizeof buffer;
        length = length < BYTES - at ? length : BYTES - at;
        for (ULONG i = 0; i < length; i++) {
            buffer[i] = expected(at + i);
        }
        struct call call;
        ULONG bytes;
        begin(&call, IRP_MJ_WRITE, buffer, length);
        if (end(&call, &bytes) != STATUS_SUCCESS || bytes != length) {
            atomic_fetch_add(&wrong, 1);
        }
        at += length;
        atomic_store(&written, at);
    }
    return argument;
}

// One read; now and then it is cancelled at once or a little later. Its bytes count all the same.
static unsigned read_some(unsigned at, unsigned round)
{
    static UCHAR buffer[300];
    struct call call;
    ULONG bytes;
    begin(&call, IRP_MJ_READ, buffer, 1 + round * 17 % sizeof buffer);
    if (round % 3 == 0) {
        usleep(round % 7 * 10);
        (void)IoCancelIrp(call.irp);
    }
    NTSTATUS status = end(&call, &bytes);
    if (status == STATUS_CANCELLED) {
        atomic_fetch_add(&cancelled, 1);
    } else if (status != STATUS_SUCCESS) {
        atomic_fetch_add(&wrong, 1);
    }
    for (ULONG i = 0; i < bytes; i++) {
        if (buffer[i] != expected(at + i)) {
            atomic_fetch_add(&wrong, 1);
        }
    }
    return bytes;
}

TEST(loop_back_with_cancellations)
{
    pthread_t chip_id;
    pthread_t writer_id;
    CHECK_EQ(start_port(), STATUS_SUCCESS);
    pthread_create(&chip_id, NULL, chip_thread, NULL);
    pthread_create(&writer_id, NULL, writer, NULL);
    unsigned at = 0;
    for (unsigned round = 0; at < BYTES && atomic_load(&wrong) == 0; round++) {
        at += read_some(at, round);
        atomic_store(&read_back, at);
    }
    atomic_store(&read_back, BYTES + WINDOW); // lets the writer end, should something be wrong
    pthread_join(writer_id, NULL);
    CHECK_EQ(atomic_load(&wrong), 0);
    CHECK_EQ(at, BYTES);
    printf("# %u reads cancelled\n", atomic_load(&cancelled));
    CHECK(atomic_load(&cancelled) > 10);
    struct call call;
    static UCHAR buffer[10];
    ULONG bytes;
    begin(&call, IRP_MJ_READ, buffer, sizeof buffer); // pending when the device goes
    CHECK_EQ(pnp(IRP_MN_REMOVE_DEVICE, NULL), STATUS_SUCCESS);
    CHECK_EQ(end(&call, &bytes), STATUS_DELETE_PENDING);
    atomic_store(&stop, true);
    pthread_join(chip_id, NULL);
    size_t blocks;
    size_t pool_bytes;
    posix_pool_usage(&pool_bytes, &blocks);
    printf("# pool: %zu bytes in %zu blocks\n", pool_bytes, blocks);
}
