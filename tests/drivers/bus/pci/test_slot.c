// SPDX-License-Identifier: MIT
//
// Slots on a simulated configuration space: what is reserved for cards that come, what follows from
// the status register, and slots that lie.
#include "ash_test.h"
#include "simulated.h"

#include <slot.h>

#define USUAL (SLOT_HAS_BUTTON | SLOT_HAS_POWER | SLOT_HAS_INDICATOR)

static struct sim sim;
static struct pci_fabric fabric;
static struct pci_function functions[SIM_FUNCTIONS];
static struct pci_slot slot;
static int port;

static void reset(uint32_t capabilities)
{
    memset(&sim, 0, sizeof sim);
    fabric = (struct pci_fabric){
        .access = {&sim, sim_read, sim_write},
        .bus_count = 256,
        .window_count = 2,
        .windows = {{.space = PCI_MEMORY32, .base = 0x40000000, .size = 0x40000000},
                    {.space = PCI_MEMORY64, .base = 0x400000000, .size = 0x400000000}},
        .functions = functions,
        .capacity = SIM_FUNCTIONS,
    };
    port = sim_add_port(&sim, -1, 1 << 3);
    sim_add_slot(&sim, port, capabilities);
}

static struct sim_function *add_card(uint8_t devfn, uint32_t bytes)
{
    struct sim_function *card = sim_add(&sim, port, devfn, 0x1234, 0x11e8, 0);
    sim_bar32(card, 0, bytes, 0);
    return card;
}

static void scan(void)
{
    (void)pci_scan(&fabric);
    pci_assign(&fabric);
    pci_slot_open(&fabric, &functions[0], false, &slot);
}

static enum pci_slot_action says(uint32_t status)
{
    sim_slot_says(&sim, port, status);
    return pci_slot_next(&slot, pci_slot_take(&fabric, &slot), false);
}

static uint32_t control(void)
{
    return sim_get(&sim.functions[port], SIM_SLOT_CONTROL, 2);
}

TEST(an_empty_slot_has_room)
{
    reset(USUAL);
    sim_slot_says(&sim, port, SLOT_PRESENCE | SLOT_BUTTON);
    scan();
    CHECK_EQ(functions[0].slot, 0x40u);
    CHECK_EQ(functions[0].apertures[PCI_MEMORY32].size, 2u << 20);
    CHECK_EQ(functions[0].apertures[PCI_MEMORY64].size, 256u << 20);
    CHECK(!functions[0].apertures[PCI_IO].present);
    CHECK_EQ(pci_slot_status(&fabric, &slot) & SLOT_EVENTS, 0u); // what was before does not count
    uint32_t window = sim_get(&sim.functions[port], REG_MEMORY_BASE, 4);
    CHECK_EQ((uint64_t)(window & 0xfff0) << 16, functions[0].apertures[PCI_MEMORY32].address);
}

TEST(what_is_no_slot)
{
    reset(0);
    sim_set(&sim.functions[port], 0x40 + SLOT_CAPABILITIES, 4, USUAL); // no hot-plug
    scan();
    CHECK_EQ(functions[0].slot, 0u);
    CHECK(!functions[0].apertures[PCI_MEMORY32].present);
    reset(USUAL);
    sim_set(&sim.functions[port], 0x42, 2, EXPRESS_ROOT_PORT << 4); // no slot
    scan();
    CHECK_EQ(functions[0].slot, 0u);
    reset(USUAL);
    sim_set(&sim.functions[port], 0x42, 2, 5 << 4 | EXPRESS_SLOT); // a switch's upstream port
    scan();
    CHECK_EQ(functions[0].slot, 0u);
    reset(USUAL);
    sim_set(&sim.functions[port], REG_CAPABILITIES, 1,
            0xf8); // registers beyond the first 256 bytes
    sim_set(&sim.functions[port], 0xf8, 2, CAPABILITY_EXPRESS);
    scan();
    CHECK_EQ(functions[0].slot, 0u);
}

TEST(no_room_for_all_slots)
{
    reset(USUAL);
    fabric.windows[0].size = 3u << 20;
    sim_add_slot(&sim, sim_add_port(&sim, -1, 2 << 3), USUAL);
    add_card(0, 0x4000);
    scan();
    CHECK_EQ(functions[0].apertures[PCI_MEMORY32].size, 1u << 20); // what its card needs
    CHECK(!functions[2].apertures[PCI_MEMORY32].present);
    CHECK(functions[1].bars[0].assigned);
    for (unsigned i = 0; i < fabric.count; i++)
        CHECK_EQ(functions[i].rule, PCI_OK);
}

TEST(cards_come_and_go)
{
    reset(USUAL);
    scan();
    for (unsigned round = 0; round < 20; round++) {
        sim.count = 1;
        add_card(0, 0x4000)->bytes[REG_HEADER_TYPE] = HEADER_MULTIFUNCTION;
        add_card(3, 0x100000);
        CHECK_EQ(pci_fill(&fabric, 0), 2u);
        CHECK_EQ(fabric.count, 3u);
        CHECK_EQ(functions[2].bdf, 0x103u);
        CHECK_EQ(functions[1].serial, 2 * round + 2);
        CHECK(functions[1].bars[0].assigned && functions[2].bars[0].assigned);
        CHECK_EQ(functions[2].bars[0].address, functions[0].apertures[PCI_MEMORY32].address);
        for (unsigned i = 1; i < 3; i++) {
            CHECK(pci_is_behind(&fabric, &functions[i], 0));
            pci_vanish(&functions[i]);
            functions[i].vacant = true;
        }
    }
}

TEST(a_card_that_needs_too_much)
{
    reset(USUAL);
    scan();
    add_card(0, 8u << 20);
    CHECK_EQ(pci_fill(&fabric, 0), 1u);
    CHECK_EQ(functions[1].rule, PCI_NO_ROOM);
    CHECK(!pci_enable(&fabric, &functions[1]));
}

TEST(a_bridge_that_is_plugged_in_stays_empty)
{
    reset(USUAL);
    scan();
    int inner = sim_add_port(&sim, port, 0);
    sim_add(&sim, inner, 0, 0x1234, 1, 0);
    CHECK_EQ(pci_fill(&fabric, 0), 1u);
    CHECK_EQ(functions[1].rule, PCI_OUT_OF_BUSES);
    CHECK_EQ(functions[1].subordinate, 0u);
    CHECK_EQ(functions[0].subordinate, 1u);
    CHECK_EQ(sim_get(&sim.functions[port], REG_SUBORDINATE_BUS, 1), 1u);
}

TEST(more_cards_than_records)
{
    reset(USUAL);
    fabric.capacity = 1;
    scan();
    add_card(0, 0x1000);
    CHECK_EQ(pci_fill(&fabric, 0), 0u);
    CHECK_EQ(fabric.count, 1u);
}

TEST(the_way_of_a_card)
{
    reset(USUAL);
    scan();
    CHECK_EQ(says(0), PCI_SLOT_NOTHING);
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE | SLOT_BUTTON), PCI_SLOT_FILL);
    pci_slot_filled(&slot, true, false);
    CHECK_EQ(says(SLOT_PRESENT), PCI_SLOT_NOTHING);
    CHECK_EQ(says(SLOT_PRESENT | SLOT_BUTTON), PCI_SLOT_EJECT);
    slot.state = PCI_SLOT_OFF;
    CHECK_EQ(says(SLOT_PRESENT), PCI_SLOT_NOTHING); // off, and still in
    CHECK_EQ(says(SLOT_PRESENT | SLOT_BUTTON), PCI_SLOT_FILL);
    pci_slot_filled(&slot, true, false);
    CHECK_EQ(says(SLOT_PRESENCE), PCI_SLOT_EMPTY);
    CHECK_EQ(says(0), PCI_SLOT_NOTHING);
}

TEST(a_card_that_was_exchanged)
{
    reset(USUAL);
    scan();
    slot.state = PCI_SLOT_ON;
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_CHANGED);
    CHECK_EQ(pci_slot_next(&slot, SLOT_PRESENT, true), PCI_SLOT_FILL);
}

TEST(a_power_fault)
{
    reset(USUAL);
    scan();
    slot.state = PCI_SLOT_ON;
    CHECK_EQ(says(SLOT_PRESENT | SLOT_FAULT), PCI_SLOT_FAULTED);
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_NOTHING); // it would fail again
    CHECK_EQ(says(SLOT_PRESENT | SLOT_BUTTON), PCI_SLOT_FILL);
    reset(SLOT_HAS_BUTTON);
    scan();
    slot.state = PCI_SLOT_ON;
    CHECK_EQ(says(SLOT_PRESENT | SLOT_FAULT), PCI_SLOT_NOTHING); // it controls no power
}

TEST(a_latch_that_is_open)
{
    reset(USUAL | SLOT_HAS_LATCH);
    scan();
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE | SLOT_LATCH_OPEN), PCI_SLOT_NOTHING);
    CHECK_EQ(says(SLOT_PRESENT | SLOT_LATCH), PCI_SLOT_FILL);
    pci_slot_filled(&slot, true, false);
    CHECK_EQ(says(SLOT_PRESENT | SLOT_LATCH | SLOT_LATCH_OPEN), PCI_SLOT_EMPTY);
}

TEST(a_card_that_does_not_answer)
{
    reset(USUAL);
    scan();
    unsigned looks = 0;
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_FILL);
    do {
        pci_slot_filled(&slot, false, false);
        looks++;
    } while (says(SLOT_PRESENT) == PCI_SLOT_FILL);
    CHECK_EQ(looks, 8u);
    CHECK_EQ(slot.state, PCI_SLOT_REFUSED);
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_NOTHING);
    CHECK_EQ(says(0), PCI_SLOT_NOTHING); // taken out
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_FILL);
}

TEST(presence_that_is_stuck_or_a_port_that_has_gone)
{
    reset(USUAL);
    scan();
    sim.functions[port].clears[SIM_SLOT_STATUS] = 0; // its events stay
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_FILL);
    pci_slot_filled(&slot, true, true); // moved, as always
    for (unsigned i = 1; i < 8; i++) {
        CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_FILL);
        pci_slot_filled(&slot, true, true);
    }
    CHECK_EQ(says(SLOT_PRESENT | SLOT_PRESENCE), PCI_SLOT_NOTHING);
    sim.functions[port].present = false;
    CHECK_EQ(pci_slot_take(&fabric, &slot), 0u);
}

TEST(commands)
{
    reset(USUAL);
    scan();
    pci_slot_listen(&fabric, &slot, true);
    CHECK_EQ(control(), (uint32_t)(CONTROL_INTERRUPT | CONTROL_EVENTS));
    CHECK(!pci_slot_idle(&fabric, &slot));
    sim_slot_says(&sim, port, SLOT_COMPLETED);
    CHECK(pci_slot_idle(&fabric, &slot));
    pci_slot_power(&fabric, &slot, false);
    CHECK(!pci_slot_idle(&fabric, &slot)); // that was the last command's
    CHECK_EQ(control() & (CONTROL_POWER_OFF | CONTROL_INDICATOR),
             (uint32_t)(CONTROL_POWER_OFF | CONTROL_INDICATOR_OFF));
    pci_slot_power(&fabric, &slot, true);
    CHECK_EQ(control() & (CONTROL_POWER_OFF | CONTROL_INDICATOR), (uint32_t)CONTROL_INDICATOR_ON);
    CHECK_EQ(control() & CONTROL_INTERRUPT, (uint32_t)CONTROL_INTERRUPT);
    reset(SLOT_NO_COMPLETION);
    scan();
    pci_slot_power(&fabric, &slot, false);
    CHECK_EQ(control(), 0u); // nothing that it does not have
    CHECK(pci_slot_idle(&fabric, &slot));
}

TEST(a_port_goes_on_forwarding_when_its_slot_is_not_watched)
{
    reset(USUAL);
    scan();
    const struct sim_function *function = &sim.functions[port];
    CHECK(pci_enable(&fabric, &functions[0]));
    pci_disable(&fabric, &functions[0]);
    CHECK_EQ(sim_get(function, REG_COMMAND, 2),
             (uint32_t)(COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_DISABLE));
}

TEST(slots_are_taken_up)
{
    reset(USUAL);
    struct sim_function *card = add_card(0, 0x4000);
    scan();
    CHECK(pci_enable(&fabric, &functions[1]));
    fabric.last_serial = 0;
    CHECK(pci_take_up(&fabric));
    CHECK(functions[1].working && !functions[0].working && !functions[0].absent);
    CHECK_EQ(fabric.last_serial, 2u);
    sim_set(card, REG_BAR0, 4, 0); // another one of the same kind: nobody has placed its registers
    CHECK(pci_take_up(&fabric));
    CHECK(functions[1].absent);
    CHECK_EQ(pci_fill(&fabric, 0), 1u);
    CHECK_EQ(fabric.count, 3u); // somebody may still need the old record
    CHECK_EQ(functions[2].serial, 3u);
    functions[1].vacant = true;
    CHECK(pci_take_up(&fabric));
    CHECK(!functions[2].absent);
}
