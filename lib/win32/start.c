// SPDX-License-Identifier: MIT
// The program's entry: the library is made ready, then its main runs. A program whose main gives no
// result ends with whatever that leaves behind, as elsewhere.
#include "internal.h"

int w32_main(int argc, char **argv);

int main(int argc, char **argv)
{
    w32_first_thread();
    return w32_main(argc, argv);
}
