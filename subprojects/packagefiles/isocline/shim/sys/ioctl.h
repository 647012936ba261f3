// SPDX-License-Identifier: MIT
// Only the window size can be asked for.
#ifndef ISOCLINE_SHIM_IOCTL_H
#define ISOCLINE_SHIM_IOCTL_H

struct winsize {
    unsigned short ws_row, ws_col;
};

#define TIOCGWINSZ 1ul

#endif
