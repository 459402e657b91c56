/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_H
#define QWAVE_LAB_LAB_H

/* Benches of `qwave lab`: one file each, argv[0] is the bench's name. The result is the exit
 * status. */
int lab_plkg_main(int argc, char **argv);
int lab_key(int argc, char **argv);
int lab_qkd(int argc, char **argv);
int lab_network(int argc, char **argv);

#endif
