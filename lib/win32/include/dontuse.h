// SPDX-License-Identifier: MIT
// Elsewhere this makes calls of deprecated functions warnings; here those functions do not exist.
