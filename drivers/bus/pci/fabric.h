// SPDX-License-Identifier: MIT
//
// The pure half of the PCI bus: what hangs below a host bridge, where its registers go, and which
// interrupt it raises. Configuration space is reached only through struct pci_access, so the same
// code runs against a simulated one. Nothing that is read there is trusted: a lying device gets its
// rule recorded and no resources, and the scan ends after at most `capacity` functions whatever the
// devices answer. PCI Local Bus 3.0 chapter 6, PCI-to-PCI Bridge 1.2 chapter 3, PCI Express
// Base 5.0 section 7.5 for registers.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PCI_MAX_WINDOWS 8u
#define PCI_MAX_ROUTES  128u
#define PCI_MAX_DEPTH   8u
#define PCI_BARS        6u
#define PCI_NO_PARENT   (-1)
#define PCI_CONFIG_SIZE 4096u

// Every memory and I/O region starts on a page of its own: two devices' registers never share a
// page, because a page is the least that a task can be given.
#define PCI_PAGE 4096u

enum pci_rule {
    PCI_OK,
    PCI_TOO_MANY_FUNCTIONS,
    PCI_OUT_OF_BUSES,
    PCI_TOO_DEEP,
    PCI_BRIDGE_BUSES,
    PCI_HEADER_TYPE,
    PCI_BAR_TYPE,
    PCI_BAR_SIZE,
    PCI_BAR_PAIR,
    PCI_BAR_STUCK,
    PCI_NO_ROOM,
    PCI_PIN,
    PCI_NO_ROUTE,
    PCI_MESSAGE_TABLE,
};

// The rule in words, for messages: a constant string without a full stop.
const char *pci_rule_text(enum pci_rule rule);

// A function's number: bus << 8 | device << 3 | function.
static inline uint8_t pci_bus(uint16_t bdf)
{
    return (uint8_t)(bdf >> 8);
}
static inline uint8_t pci_device(uint16_t bdf)
{
    return bdf >> 3 & 31;
}
static inline uint8_t pci_func(uint16_t bdf)
{
    return bdf & 7;
}

// Width is 1, 2 or 4 bytes; the offset is a multiple of it below PCI_CONFIG_SIZE. A read of an
// absent function gives all ones.
struct pci_access {
    void *context;
    uint32_t (*read)(void *context, uint16_t bdf, unsigned offset, unsigned width);
    void (*write)(void *context, uint16_t bdf, unsigned offset, unsigned width, uint32_t value);
};

enum pci_space { PCI_IO, PCI_MEMORY32, PCI_MEMORY64, PCI_SPACES };

struct pci_window {
    enum pci_space space;
    uint64_t base; // PCI address
    uint64_t size;
    uint64_t cursor; // bytes handed out
};

struct pci_route {
    uint32_t unit; // bus << 16 | device << 11 | function << 8, masked
    uint8_t pin;
    uint32_t source;
};

// A range of PCI addresses that a function decodes, or that a bridge forwards.
struct pci_region {
    enum pci_space space;
    bool present, assigned, prefetchable, wide; // wide: the register holds 64 bits
    uint64_t address, size, alignment;
};

#define PCI_MSIX_ENTRY 16u // bytes of an entry of the table

// What the function can interrupt with besides its line.
enum pci_message_kind { PCI_LINE, PCI_MSI, PCI_MSIX };

struct pci_message_capability {
    enum pci_message_kind kind;
    uint8_t offset, bar; // of the capability; of the MSI-X table
    uint16_t count;      // messages the function has
    bool wide;           // MSI: the address has 64 bits
    uint32_t table;      // offset of the MSI-X table in its BAR, all of it inside
};

struct pci_message {
    uint64_t address;
    uint16_t data;
};

struct pci_function {
    uint16_t bdf;
    int16_t parent; // index of the bridge above, or PCI_NO_PARENT
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; // base << 16 | sub << 8 | interface
    uint8_t revision;
    uint8_t capabilities; // offset of the first, 0 for none
    bool bridge, prefetch64;
    uint8_t secondary, subordinate;
    uint8_t pin; // 0 for none, else 1-4
    bool routed;
    bool absent;     // it has left the bus: nothing is read from or written to its number
    bool vacant;     // ... and nobody needs this record any more
    bool working;    // pci_take_up found it switched on
    uint8_t slot;    // of a port with a hot-plug slot: offset of its express capability; else 0
    uint32_t serial; // of a function that is reported: no other one ever had it
    uint32_t source; // of the platform's interrupt controller, when routed
    struct pci_message_capability messages;
    struct pci_region bars[PCI_BARS];
    struct pci_region apertures[PCI_SPACES]; // of a bridge
    enum pci_rule rule;                      // the first one broken
};

struct pci_fabric {
    struct pci_access access;
    uint8_t bus_first;
    unsigned bus_count; // 1-256
    unsigned window_count;
    struct pci_window windows[PCI_MAX_WINDOWS];
    uint32_t unit_mask;
    uint8_t pin_mask;
    unsigned route_count;
    struct pci_route routes[PCI_MAX_ROUTES];
    struct pci_function *functions; // the caller's memory
    unsigned capacity, count;
    uint32_t last_serial;
};

// Finds every function, numbers the buses, turns all decoding, mastering and interrupts off, and
// sizes the registers. `functions` and `capacity`, `access`, `bus_*`, windows and routes must be
// set. Parents come before their children. The rule is the first one that cut the scan short; what
// was found until then is valid.
enum pci_rule pci_scan(struct pci_fabric *fabric);

// The functions are records of an earlier scan and assignment, the fabric is in use: those that are
// not there any more, or are others, become `absent`; others are switched off. Nothing is written
// to those that are confirmed. False: the records contradict each other, and nothing has been done.
bool pci_take_up(struct pci_fabric *fabric);

// Gives every region an address out of the windows (largest alignment first), programs BARs and
// bridges, and finds the interrupts. A function that could not be served has PCI_NO_ROOM. Ports
// with a slot get room for what may come, if there is enough for all of them.
void pci_assign(struct pci_fabric *fabric);

// What has come into a port's slot: finds its functions, gives them addresses of what the port
// forwards, and interrupts; all are switched off. Bridges among them are recorded, not entered. The
// slot had no functions before, or they are absent. Returns how many were found.
unsigned pci_fill(struct pci_fabric *fabric, int port);

// Addresses and interrupts for the functions behind a port, none of which has any.
void pci_place(struct pci_fabric *fabric, int port);

// Whether the function is reached through that port.
bool pci_is_behind(const struct pci_fabric *fabric, const struct pci_function *function, int port);

// The function is not there any more. Its record stays until it is made vacant.
void pci_vanish(struct pci_function *function);

// Reads one register; the offset is aligned down to the width.
uint32_t pci_read(const struct pci_fabric *fabric, uint16_t bdf, unsigned offset, unsigned width);
void pci_write(const struct pci_fabric *fabric, uint16_t bdf, unsigned offset, unsigned width,
               uint32_t value);

// Offset of the first capability with this ID at or behind `from` (0: from the start); 0 for none.
unsigned pci_find_capability(const struct pci_fabric *fabric, const struct pci_function *function,
                             uint8_t id);

// Turns on what the function may use: the decoders whose regions are all assigned, bus mastering,
// INTx. False when a memory region has no address: such a function must not be started.
bool pci_enable(const struct pci_fabric *fabric, const struct pci_function *function);

// Fills function->messages and turns its messages off. The BARs are known already.
void pci_find_messages(const struct pci_fabric *fabric, struct pci_function *function);

// The function interrupts with messages only: MSI with list[0] (and the numbers behind its data),
// or MSI-X, whose table is written already. False: it cannot; then nothing has changed.
bool pci_messages_on(const struct pci_fabric *fabric, const struct pci_function *function,
                     const struct pci_message *list, unsigned count);
void pci_messages_off(const struct pci_fabric *fabric, const struct pci_function *function);

// Turns all of it off, messages too; a bridge goes on forwarding. Ends the function's DMA: what it
// reads back arrives behind every write that the function had sent before (PCI Express Base 5.0,
// section 2.4.1).
void pci_disable(const struct pci_fabric *fabric, const struct pci_function *function);

// A function driver's access to its own configuration space. Offset and length are checked against
// PCI_CONFIG_SIZE; the result is the number of bytes moved, 0 when refused. Reads reach everything.
// Writes reach what can hurt only the device itself: not the address registers, the bits of the
// command register that pci_enable owns, message interrupts, the express and extended capabilities.
size_t pci_read_bytes(const struct pci_fabric *fabric, const struct pci_function *function,
                      size_t offset, void *out, size_t length);
size_t pci_write_bytes(const struct pci_fabric *fabric, const struct pci_function *function,
                       size_t offset, const void *in, size_t length);
