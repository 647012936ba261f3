// SPDX-License-Identifier: MIT
// The console is always raw, so modes are accepted and forgotten.
#ifndef ISOCLINE_SHIM_TERMIOS_H
#define ISOCLINE_SHIM_TERMIOS_H

struct termios {
    unsigned c_iflag, c_oflag, c_cflag, c_lflag;
    unsigned char c_cc[2];
};

enum { BRKINT = 1, ICRNL = 2, INPCK = 4, ISTRIP = 8, IXON = 16 };
enum { OPOST = 1 };
enum { CS8 = 1 };
enum { ECHO = 1, ICANON = 2, IEXTEN = 4, ISIG = 8 };
enum { VMIN = 0, VTIME = 1 };
enum { TCSAFLUSH = 0 };

static inline int tcgetattr(int descriptor, struct termios *modes)
{
    (void)descriptor;
    *modes = (struct termios){};
    return 0;
}

static inline int tcsetattr(int descriptor, int when, const struct termios *modes)
{
    (void)descriptor;
    (void)when;
    (void)modes;
    return 0;
}

#endif
