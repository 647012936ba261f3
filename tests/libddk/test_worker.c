// SPDX-License-Identifier: MIT
//
// Work items.

#include "ddi_test.h"

struct work {
    WORK_QUEUE_ITEM item;
    KEVENT ran, go;
    KIRQL irql;
};

static VOID run_work(PVOID parameter)
{
    struct work *work = parameter;
    work->irql = KeGetCurrentIrql();
    KeSetEvent(&work->ran, 0, FALSE);
    KeWaitForSingleObject(&work->go, Executive, KernelMode, FALSE, NULL);
}

TEST(a_waiting_work_item_does_not_stop_the_next)
{
    DDI_SHOWS(ExQueueWorkItem, RESULTS);
    DDI_SHOWS_MACRO(ExInitializeWorkItem, RESULTS);
    static struct work first, second; // the items outlive the test
    struct work *both[2] = {&first, &second};
    for (int i = 0; i < 2; i++) {
        KeInitializeEvent(&both[i]->ran, NotificationEvent, FALSE);
        KeInitializeEvent(&both[i]->go, NotificationEvent, FALSE);
        ExInitializeWorkItem(&both[i]->item, run_work, both[i]);
        ExQueueWorkItem(&both[i]->item, DelayedWorkQueue);
        CHECK_EQ(KeWaitForSingleObject(&both[i]->ran, Executive, KernelMode, FALSE, NULL), 0);
        CHECK_EQ(both[i]->irql, PASSIVE_LEVEL);
    }
    KeSetEvent(&first.go, 0, FALSE);
    KeSetEvent(&second.go, 0, FALSE);
}
