/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_PROVE_H
#define QWAVE_LINK_PROVE_H

/* `qwave-link prove`: docs/operation/evidence.md. argv[0] is "prove". Returns the exit status. */
int prove_main(int argc, char **argv);

#endif
