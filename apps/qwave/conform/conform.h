/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_CONFORM_H
#define QWAVE_CONFORM_CONFORM_H

/* Conformance checks of key delivery servers that anybody runs: who asks. */
enum conform_who {
    CONFORM_MASTER, /* asks for keys, or begins a stream */
    CONFORM_SLAVE,  /* fetches them, or is the other end */
    CONFORM_OTHER,  /* a third application, when there is one */
    CONFORM_NOBODY, /* comes without a certificate */
    CONFORM_WHO_COUNT
};

#endif
