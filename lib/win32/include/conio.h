// SPDX-License-Identifier: MIT
// The console, key by key.
#ifndef WIN32_CONIO_H
#define WIN32_CONIO_H

int _kbhit(void); /* is there a key that was not read? */
int _getch(void); /* waits for it; -1: there is no console */
int _getche(void);
#define kbhit _kbhit
#define getch _getch

#endif
