/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_LINK_CHARON_REKEYED_H
#define QW_TESTS_UNIT_LINK_CHARON_REKEYED_H

/* A tunnel between two strongSwan 5.9.8 whose IKE_SA was rekeyed by a, and the new one by b, made
 * for this: the lines of both logs that count, all CREATE_CHILD_SA messages and the first packet of
 * each SPI as captured on Ethernet. Of the three CHILD_SAs the first is of IKE_AUTH, the others
 * were made by a under the second and the third IKE_SA. PPK 00 01 .. 1f under the id ppk-one. */
/* clang-format off */
static const char *const rekeyed_log_a[] = {
    "13[IKE] <l|1> initiating IKE_SA tunnel[1] to 192.0.2.2",
    "15[NET] <l|1> received packet: from 192.0.2.2[500] to 192.0.2.1[500] (280 bytes)",
    "15[ENC] <l|1> parsed IKE_SA_INIT response 0 [ ]",
    "15[CFG] <l|1> selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256",
    "15[IKE] <l|1> shared Diffie Hellman secret => 32 bytes @ 0x7f",
    "15[IKE] <l|1>    0: 56 46 7D 70 3A 70 97 DF D5 60 91 49 3C 09 5E AF",
    "15[IKE] <l|1>   16: 57 69 AF 8F 5B D5 D7 90 7F 18 75 65 73 1C 32 D1",
    "15[IKE] <l|1> Sk_d secret => 32 bytes @ 0x7f",
    "15[IKE] <l|1>    0: 2D A1 1D 97 A7 89 25 B1 9F 12 DA D9 E8 84 59 E3",
    "15[IKE] <l|1>   16: 2A AB 3B E3 1F 2C CF 86 03 3D 53 E9 F1 DF 60 74",
    "15[IKE] <l|1> Sk_ei secret => 20 bytes @ 0x7f",
    "15[IKE] <l|1>    0: C7 66 04 D9 D0 F6 CD FE 24 5E 3A E7 CD 48 B3 63",
    "15[IKE] <l|1>   16: 69 33 3E E0",
    "15[IKE] <l|1> Sk_er secret => 20 bytes @ 0x7f",
    "15[IKE] <l|1>    0: 2A 4A F7 54 CC 12 C6 CB EE 5E DD 37 50 E8 2E C3",
    "15[IKE] <l|1>   16: 36 93 BF 35",
    "10[NET] <l|1> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (222 bytes)",
    "10[ENC] <l|1> parsed IKE_AUTH response 1 [ ]",
    "10[IKE] <l|1> derive keys using PPK => 32 bytes @ 0x7f",
    "10[IKE] <l|1> Sk_d secret => 32 bytes @ 0x7f",
    "10[IKE] <l|1>    0: 9D D6 CE D5 BA 53 7F F6 30 DA 9E EC 8A 8E 1E C3",
    "10[IKE] <l|1>   16: 07 0A 99 83 B2 12 DE 55 6B D1 18 FA 93 7C 46 23",
    "10[CFG] <l|1> using PPK for PPK_ID 'ppk-one'",
    "10[CFG] <l|1> selected proposal: ESP:AES_GCM_16_128/NO_EXT_SEQ",
    "10[CHD] <l|1> seed => 64 bytes @ 0x7f",
    "10[CHD] <l|1>    0: 2A 78 D8 CD 8A 0F 30 C9 C9 6E E0 02 00 A7 56 56",
    "10[CHD] <l|1>   16: 9C CF 1F 5D 1E 3A 0C 22 2A E5 57 7C 13 10 26 3F",
    "10[CHD] <l|1>   32: FB 68 7B 65 8C DC C1 FC 06 65 FD 23 C9 71 BB 1F",
    "10[CHD] <l|1>   48: 98 BE 2C F1 A5 60 BB 03 70 4A EE E6 25 A7 D6 5E",
    "10[IKE] <l|1> CHILD_SA net{1} established with SPIs 871fd05c_i 5711ad2d_o and TS 10.9.1.1/"
    "32 === 10.9.2.1/32",
    "13[IKE] <l|1> initiating IKE_SA tunnel[2] to 192.0.2.2",
    "12[NET] <l|1> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (213 bytes)",
    "12[ENC] <l|1> parsed CREATE_CHILD_SA response 2 [ ]",
    "12[CFG] <l|1> selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256",
    "12[IKE] <l|1> shared Diffie Hellman secret => 32 bytes @ 0x7f",
    "12[IKE] <l|1>    0: CE F3 D3 F6 B4 1F 8A 5F 90 38 A7 C3 18 9A 58 EE",
    "12[IKE] <l|1>   16: 1C 10 EB 89 84 C2 BE 8F A3 16 3A 8D 71 6F 72 F9",
    "12[IKE] <l|1> Sk_d secret => 32 bytes @ 0x7f",
    "12[IKE] <l|1>    0: 0A F5 B8 B2 5B B2 01 6B 21 FC F7 D0 F5 52 65 43",
    "12[IKE] <l|1>   16: F6 7F 35 98 9C 4F 41 CA 3A 09 C6 5F C5 82 50 E9",
    "12[IKE] <l|1> Sk_ei secret => 20 bytes @ 0x7f",
    "12[IKE] <l|1>    0: 23 E0 DF 42 30 9E 1B 5D C3 6C 20 D1 20 C1 11 B8",
    "12[IKE] <l|1>   16: D7 0A B6 43",
    "12[IKE] <l|1> Sk_er secret => 20 bytes @ 0x7f",
    "12[IKE] <l|1>    0: 89 A2 54 01 9F 29 52 06 A1 A5 F8 DE A1 D2 DC 87",
    "12[IKE] <l|1>   16: E8 2D E1 18",
    "08[NET] <l|1> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (57 bytes)",
    "15[NET] <l|2> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (257 bytes)",
    "15[ENC] <l|2> parsed CREATE_CHILD_SA response 0 [ ]",
    "15[CFG] <l|2> selected proposal: ESP:AES_GCM_16_128/ECP_256/NO_EXT_SEQ",
    "15[CHD] <l|2> seed => 96 bytes @ 0x7f",
    "15[CHD] <l|2>    0: 15 06 5A BF 97 61 AB 2A 7B BB 6E BC 74 9F 2D 46",
    "15[CHD] <l|2>   16: 06 88 FA C6 B9 D9 06 48 AB 5E EB 10 58 0C CE 05",
    "15[CHD] <l|2>   32: 1D 27 4A 60 59 1D 74 46 54 BC 43 C6 F8 EC 9C 2A",
    "15[CHD] <l|2>   48: 32 17 0C 02 72 FA 25 2F F6 2A C9 26 27 C3 EC DB",
    "15[CHD] <l|2>   64: F2 89 FC 05 FC A1 6A 31 51 D7 36 C5 3E FA CF 64",
    "15[CHD] <l|2>   80: 16 A7 4D 30 04 82 F5 BF C5 FC 9A 01 96 67 8A 37",
    "15[IKE] <l|2> inbound CHILD_SA net{2} established with SPIs e1894430_i f2ab2a10_o and TS 1"
    "0.9.1.1/32 === 10.9.2.1/32",
    "15[IKE] <l|2> outbound CHILD_SA net{2} established with SPIs e1894430_i f2ab2a10_o and TS "
    "10.9.1.1/32 === 10.9.2.1/32",
    "08[NET] <l|2> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (69 bytes)",
    "12[NET] <l|2> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (213 bytes)",
    "12[ENC] <l|2> parsed CREATE_CHILD_SA request 0 [ ]",
    "12[CFG] <l|2> selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256",
    "12[IKE] <l|3> shared Diffie Hellman secret => 32 bytes @ 0x7f",
    "12[IKE] <l|3>    0: ED 29 E6 2D 13 D1 36 A8 B5 6C BD 0B 6F 90 0B 9C",
    "12[IKE] <l|3>   16: 2E BA EB 86 BE 31 FB 2E 2B B2 48 4B E8 BE EB 86",
    "12[IKE] <l|3> Sk_d secret => 32 bytes @ 0x7f",
    "12[IKE] <l|3>    0: B6 E8 20 F4 BC EC 6F 9E 32 5B 6B CC 40 72 A6 AA",
    "12[IKE] <l|3>   16: 6C EF 0B A1 84 22 61 69 39 9E 12 F8 28 FA 43 57",
    "12[IKE] <l|3> Sk_ei secret => 20 bytes @ 0x7f",
    "12[IKE] <l|3>    0: 02 67 4C 44 2B 6F 2A 71 2A 58 D8 20 E6 90 44 4F",
    "12[IKE] <l|3>   16: 3E 73 6C 6E",
    "12[IKE] <l|3> Sk_er secret => 20 bytes @ 0x7f",
    "12[IKE] <l|3>    0: 78 B8 44 4F 06 14 8E 05 F1 34 75 F9 49 89 AB 33",
    "12[IKE] <l|3>   16: 9C 37 98 C2",
    "11[NET] <l|2> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (65 bytes)",
    "15[NET] <l|3> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (57 bytes)",
    "10[NET] <l|3> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (257 bytes)",
    "10[ENC] <l|3> parsed CREATE_CHILD_SA response 1 [ ]",
    "10[CFG] <l|3> selected proposal: ESP:AES_GCM_16_128/ECP_256/NO_EXT_SEQ",
    "10[CHD] <l|3> seed => 96 bytes @ 0x7f",
    "10[CHD] <l|3>    0: 3A 3A 64 2C F3 12 9F E5 DE 2F 1E D1 D7 32 56 73",
    "10[CHD] <l|3>   16: 9A 57 9A 9B 24 AE AB 94 D7 C1 3E 6E B8 53 B7 BD",
    "10[CHD] <l|3>   32: 35 6D 5A A1 C4 53 EA 34 41 A5 AF 1B 4C 7D 5E 87",
    "10[CHD] <l|3>   48: E7 8B 38 DB CE D5 EA 2A 93 E6 A9 CA 39 51 24 4E",
    "10[CHD] <l|3>   64: 04 9F 4E 2B 44 5C CB D8 48 B8 E9 07 B1 18 07 BC",
    "10[CHD] <l|3>   80: 43 6E 74 6B DF 12 BA 5D 50 50 F4 B5 84 D7 22 95",
    "10[IKE] <l|3> inbound CHILD_SA net{3} established with SPIs e2e90886_i c88c2beb_o and TS 1"
    "0.9.1.1/32 === 10.9.2.1/32",
    "10[IKE] <l|3> outbound CHILD_SA net{3} established with SPIs e2e90886_i c88c2beb_o and TS "
    "10.9.1.1/32 === 10.9.2.1/32",
    "08[NET] <l|3> received packet: from 192.0.2.2[4500] to 192.0.2.1[4500] (69 bytes)",
    NULL,
};

static const char *const rekeyed_log_b[] = {
    "10[NET] <1> received packet: from 192.0.2.1[500] to 192.0.2.2[500] (272 bytes)",
    "10[ENC] <1> parsed IKE_SA_INIT request 0 [ ]",
    "10[CFG] <1> selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256",
    "13[NET] <1> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (271 bytes)",
    "13[IKE] <1> shared Diffie Hellman secret => 32 bytes @ 0x7f",
    "13[IKE] <1>    0: 56 46 7D 70 3A 70 97 DF D5 60 91 49 3C 09 5E AF",
    "13[IKE] <1>   16: 57 69 AF 8F 5B D5 D7 90 7F 18 75 65 73 1C 32 D1",
    "13[IKE] <1> Sk_d secret => 32 bytes @ 0x7f",
    "13[IKE] <1>    0: 2D A1 1D 97 A7 89 25 B1 9F 12 DA D9 E8 84 59 E3",
    "13[IKE] <1>   16: 2A AB 3B E3 1F 2C CF 86 03 3D 53 E9 F1 DF 60 74",
    "13[IKE] <1> Sk_ei secret => 20 bytes @ 0x7f",
    "13[IKE] <1>    0: C7 66 04 D9 D0 F6 CD FE 24 5E 3A E7 CD 48 B3 63",
    "13[IKE] <1>   16: 69 33 3E E0",
    "13[IKE] <1> Sk_er secret => 20 bytes @ 0x7f",
    "13[IKE] <1>    0: 2A 4A F7 54 CC 12 C6 CB EE 5E DD 37 50 E8 2E C3",
    "13[IKE] <1>   16: 36 93 BF 35",
    "13[ENC] <1> parsed IKE_AUTH request 1 [ ]",
    "13[IKE] <l|1> derive keys using PPK => 32 bytes @ 0x7f",
    "13[IKE] <l|1> Sk_d secret => 32 bytes @ 0x7f",
    "13[IKE] <l|1>    0: 9D D6 CE D5 BA 53 7F F6 30 DA 9E EC 8A 8E 1E C3",
    "13[IKE] <l|1>   16: 07 0A 99 83 B2 12 DE 55 6B D1 18 FA 93 7C 46 23",
    "13[CFG] <l|1> using PPK for PPK_ID 'ppk-one'",
    "13[CFG] <l|1> selected proposal: ESP:AES_GCM_16_128/NO_EXT_SEQ",
    "13[CHD] <l|1> seed => 64 bytes @ 0x7f",
    "13[CHD] <l|1>    0: 2A 78 D8 CD 8A 0F 30 C9 C9 6E E0 02 00 A7 56 56",
    "13[CHD] <l|1>   16: 9C CF 1F 5D 1E 3A 0C 22 2A E5 57 7C 13 10 26 3F",
    "13[CHD] <l|1>   32: FB 68 7B 65 8C DC C1 FC 06 65 FD 23 C9 71 BB 1F",
    "13[CHD] <l|1>   48: 98 BE 2C F1 A5 60 BB 03 70 4A EE E6 25 A7 D6 5E",
    "13[IKE] <l|1> CHILD_SA net{1} established with SPIs 5711ad2d_i 871fd05c_o and TS 10.9.2.1/"
    "32 === 10.9.1.1/32",
    "15[NET] <l|1> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (213 bytes)",
    "15[ENC] <l|1> parsed CREATE_CHILD_SA request 2 [ ]",
    "15[CFG] <l|1> selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256",
    "15[IKE] <l|2> shared Diffie Hellman secret => 32 bytes @ 0x7f",
    "15[IKE] <l|2>    0: CE F3 D3 F6 B4 1F 8A 5F 90 38 A7 C3 18 9A 58 EE",
    "15[IKE] <l|2>   16: 1C 10 EB 89 84 C2 BE 8F A3 16 3A 8D 71 6F 72 F9",
    "15[IKE] <l|2> Sk_d secret => 32 bytes @ 0x7f",
    "15[IKE] <l|2>    0: 0A F5 B8 B2 5B B2 01 6B 21 FC F7 D0 F5 52 65 43",
    "15[IKE] <l|2>   16: F6 7F 35 98 9C 4F 41 CA 3A 09 C6 5F C5 82 50 E9",
    "15[IKE] <l|2> Sk_ei secret => 20 bytes @ 0x7f",
    "15[IKE] <l|2>    0: 23 E0 DF 42 30 9E 1B 5D C3 6C 20 D1 20 C1 11 B8",
    "15[IKE] <l|2>   16: D7 0A B6 43",
    "15[IKE] <l|2> Sk_er secret => 20 bytes @ 0x7f",
    "15[IKE] <l|2>    0: 89 A2 54 01 9F 29 52 06 A1 A5 F8 DE A1 D2 DC 87",
    "15[IKE] <l|2>   16: E8 2D E1 18",
    "14[NET] <l|1> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (65 bytes)",
    "11[NET] <l|2> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (269 bytes)",
    "11[ENC] <l|2> parsed CREATE_CHILD_SA request 0 [ ]",
    "11[CFG] <l|2> selected proposal: ESP:AES_GCM_16_128/ECP_256/NO_EXT_SEQ",
    "11[CHD] <l|2> seed => 96 bytes @ 0x7f",
    "11[CHD] <l|2>    0: 15 06 5A BF 97 61 AB 2A 7B BB 6E BC 74 9F 2D 46",
    "11[CHD] <l|2>   16: 06 88 FA C6 B9 D9 06 48 AB 5E EB 10 58 0C CE 05",
    "11[CHD] <l|2>   32: 1D 27 4A 60 59 1D 74 46 54 BC 43 C6 F8 EC 9C 2A",
    "11[CHD] <l|2>   48: 32 17 0C 02 72 FA 25 2F F6 2A C9 26 27 C3 EC DB",
    "11[CHD] <l|2>   64: F2 89 FC 05 FC A1 6A 31 51 D7 36 C5 3E FA CF 64",
    "11[CHD] <l|2>   80: 16 A7 4D 30 04 82 F5 BF C5 FC 9A 01 96 67 8A 37",
    "11[IKE] <l|2> inbound CHILD_SA net{2} established with SPIs f2ab2a10_i e1894430_o and TS 1"
    "0.9.2.1/32 === 10.9.1.1/32",
    "09[NET] <l|2> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (69 bytes)",
    "09[IKE] <l|2> outbound CHILD_SA net{2} established with SPIs f2ab2a10_i e1894430_o and TS "
    "10.9.2.1/32 === 10.9.1.1/32",
    "11[IKE] <l|2> initiating IKE_SA tunnel[3] to 192.0.2.1",
    "14[NET] <l|2> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (213 bytes)",
    "14[ENC] <l|2> parsed CREATE_CHILD_SA response 0 [ ]",
    "14[CFG] <l|2> selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256",
    "14[IKE] <l|2> shared Diffie Hellman secret => 32 bytes @ 0x7f",
    "14[IKE] <l|2>    0: ED 29 E6 2D 13 D1 36 A8 B5 6C BD 0B 6F 90 0B 9C",
    "14[IKE] <l|2>   16: 2E BA EB 86 BE 31 FB 2E 2B B2 48 4B E8 BE EB 86",
    "14[IKE] <l|2> Sk_d secret => 32 bytes @ 0x7f",
    "14[IKE] <l|2>    0: B6 E8 20 F4 BC EC 6F 9E 32 5B 6B CC 40 72 A6 AA",
    "14[IKE] <l|2>   16: 6C EF 0B A1 84 22 61 69 39 9E 12 F8 28 FA 43 57",
    "14[IKE] <l|2> Sk_ei secret => 20 bytes @ 0x7f",
    "14[IKE] <l|2>    0: 02 67 4C 44 2B 6F 2A 71 2A 58 D8 20 E6 90 44 4F",
    "14[IKE] <l|2>   16: 3E 73 6C 6E",
    "14[IKE] <l|2> Sk_er secret => 20 bytes @ 0x7f",
    "14[IKE] <l|2>    0: 78 B8 44 4F 06 14 8E 05 F1 34 75 F9 49 89 AB 33",
    "14[IKE] <l|2>   16: 9C 37 98 C2",
    "15[NET] <l|2> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (57 bytes)",
    "09[NET] <l|3> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (65 bytes)",
    "12[NET] <l|3> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (269 bytes)",
    "12[ENC] <l|3> parsed CREATE_CHILD_SA request 1 [ ]",
    "12[CFG] <l|3> selected proposal: ESP:AES_GCM_16_128/ECP_256/NO_EXT_SEQ",
    "12[CHD] <l|3> seed => 96 bytes @ 0x7f",
    "12[CHD] <l|3>    0: 3A 3A 64 2C F3 12 9F E5 DE 2F 1E D1 D7 32 56 73",
    "12[CHD] <l|3>   16: 9A 57 9A 9B 24 AE AB 94 D7 C1 3E 6E B8 53 B7 BD",
    "12[CHD] <l|3>   32: 35 6D 5A A1 C4 53 EA 34 41 A5 AF 1B 4C 7D 5E 87",
    "12[CHD] <l|3>   48: E7 8B 38 DB CE D5 EA 2A 93 E6 A9 CA 39 51 24 4E",
    "12[CHD] <l|3>   64: 04 9F 4E 2B 44 5C CB D8 48 B8 E9 07 B1 18 07 BC",
    "12[CHD] <l|3>   80: 43 6E 74 6B DF 12 BA 5D 50 50 F4 B5 84 D7 22 95",
    "12[IKE] <l|3> inbound CHILD_SA net{3} established with SPIs c88c2beb_i e2e90886_o and TS 1"
    "0.9.2.1/32 === 10.9.1.1/32",
    "10[NET] <l|3> received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (69 bytes)",
    "10[IKE] <l|3> outbound CHILD_SA net{3} established with SPIs c88c2beb_i e2e90886_o and TS "
    "10.9.2.1/32 === 10.9.1.1/32",
    NULL,
};

static const char *const rekeyed_packets[] = {
    "46f7c5907b7572b6d3cd0add080045000094146840004011a1edc0000201c000020211941194008084955711ad"
    "2d0000000146a1ca49ea8be4ba1330e7071dc2e1966152d87b0aa4d8defa53415227ea288557f3a88ee4bb3534"
    "ffc97aaccef9f1a1d9eb82ca971a5f40babce50d0c0a6d74cc5bc27196ef4327d088137d3f5fea29e7648f456a"
    "ffd7755083c63708cb68b58593749ee7e8821c5feaaee8eb19f531",
    "72b6d3cd0add46f7c5907b75080045000094430e400040117347c0000202c00002011194119400808495871fd0"
    "5c000000017cb1484e7274cdf319ce82e432ad7bdf25b209a84159efee58adf66d67b51f1e78066fcae4168901"
    "02321a55313e586a1f9561c16560503657ac0c32dbb767882f511ee12eeafd5579263b7f605de5e4fcb4f37a06"
    "21d4fafdd283aed6cd768d9fb7d9dba369d02c71b3e46cdc9def47",
    "46f7c5907b7572b6d3cd0add0800450000f5147040004011a184c0000201c00002021194119400e184f6000000"
    "00842159c1b1a75c5f1dd3eb7fddb520482e20240800000002000000d5210000b98e1624578cd20a4601d40573"
    "20579166cac2c8b869c7f580a44e09819f06b0c2095a1f92257b333b0cc1f7309a08f0e93c82a5e1d08035096f"
    "4c8a54f4cededc2e7d8e5a0f3f655d2da39acbd3fccf3552bdbde82499af5bd784550507d6eac8ea8fdf1abeb0"
    "3bdf972913a51dbfa46af42f66e912fa0a355a5a351d0b574aeef4733aa1b9a36d60f5e47bc681c2c6d8a1774a"
    "3734ff3dd2e7f7401979edf9ef8cb3719ca228dd1f34d28ee7c0370db95b4dbc0286",
    "72b6d3cd0add46f7c5907b750800450000f5431a4000401172dac0000202c00002011194119400e184f6000000"
    "00842159c1b1a75c5f1dd3eb7fddb520482e20242000000002000000d5210000b9b9ea25e9ef3ebdba5300310f"
    "3d7a6f088d05bebe3796c43343b250e75e08cfef85b99b5d07d65ceb75e92993a21334335c6cea0acf447bde79"
    "9d3eefeb6c9e3f01fe31570e919de8661f7c1e14f49a819cf07f870949bd86a45d9891e9f26ef9e57488330e35"
    "e28069f95598d17b934dcc918f259cb5014e6cc9c4ca2e6a1a9216737febe58bd4a94c45845bb1bb474e7d9f6c"
    "f89f77fe60d4c5ce665e85f98613e3c94515849df0cd77d59ae51624d15c79589c49",
    "46f7c5907b7572b6d3cd0add08004500012d149c40004011a120c0000201c0000202119411940119852e000000"
    "00a64cf4276dbb7e042d79000ec2ba0d982e202408000000000000010d290000f129676a488a52d2be03765594"
    "c57f5efbcbb7ac4c4a19c25eadd1f5407eb0ea1cd2bac20a9e90f45955ce60b1216bc4af742b34f1020de790bb"
    "bc6382f6468975f8d259e29a7dd3a065e2e6e5c36df3c469c3b4af2019147dcb3ecfdf17a1a4f2299c3f9795d1"
    "a9d47befff258b808ba394a1fa8f7e2fd60f79ebb7b9e33172ebe92a05cd0a86a53e652ba900e860670654798a"
    "843be56e5efbb524b7a6a04d59134e47f4f0daa6e6aae47ce3a000b5ea0034ce04db3f21d9d65c3916efc00d8b"
    "3109da0f06fb0e157c5b8ebebfefd5517fdbcd974bd3681b2a249ae799df6199a7f0667952270ae81822465459",
    "72b6d3cd0add46f7c5907b75080045000121434a40004011727ec0000202c000020111941194010d8522000000"
    "00a64cf4276dbb7e042d79000ec2ba0d982e2024200000000000000101210000e5b8dabc2c33ed21c35afad6d4"
    "b610831c1d0b72439b3081c8292b0ae2626d77f7dbdda0e81056a0d8205aa763841d38c875c966637d77b756ed"
    "ba60116e2d5f8642772a2d78621af4d388c93246ccc82b14953a270a793f7609972e60226e700819573e8457c8"
    "cf3227af590b243c1297fa2c47d80573addd9ac9b28db1aa84c3c286d09322ebdf59a8c7d3d69417edf14664d9"
    "c95772c063d921c07e081903a7affc5b80ec42fad5cfc5389848480740a19defb8f4e1f2505ee0917028bd3f87"
    "9ac30dab2819763bc5cb47752ff1d02d07f40d33673c9c7d0221875c275704ca40",
    "46f7c5907b7572b6d3cd0add08004500009414eb40004011a16ac0000201c00002021194119400808495f2ab2a"
    "10000000018967fcb845a0d3993919fe8d003809da81d0dabd2f6d0f26dbf95bff6233bb23603197e62b23da51"
    "b17716511a4e28f2bcd80f1d16ba7a3107e762e01a91d24624a3b1f7d2e37b6584232ddb099787f0e6eec5edc5"
    "c9d39bae8f874152bdbe612ecbfa0d22d8383e0c0b84db67ac846d",
    "72b6d3cd0add46f7c5907b7508004500009443744000401172e1c0000202c00002011194119400808495e18944"
    "300000000158350744c55e4e56e8a0ce8ddc517a2a6a99969691f3c553a6700f2f4e2b198dc54b7edeba7afbc6"
    "bf99bcb8844870e84959aaab198af12b803b5cf2feced2652521647cc90036e498d71c3efa617d9da7249f5826"
    "ac2770f4d80a8d2fbdbd4408b8b2204c9b9c790eac66244f6f63db",
    "72b6d3cd0add46f7c5907b750800450000f5437e400040117276c0000202c00002011194119400e184f6000000"
    "00a64cf4276dbb7e042d79000ec2ba0d982e20240000000000000000d5210000b938dabc2c33ed21c304977b86"
    "a9e6664357bc26ad713d561254e99bbdcd70507b66cb03428e81fc12f668d946025327d0966b0f0b2e5c3621a1"
    "a1bbb0a63ac954660bd7967e6dcc0dc97876e4ac02d71114963a7070d5077b74e4d068acd07c332ce114849ca3"
    "acb784104b8154bc28fa0cc18de9e9a5179fc7740d8a89657b002e5a5d199d3af386649bd27718c4dc073b9a07"
    "6687b6afd5d969dc7cba471a998cccb536d1ac8b0007f3f1b5742eb2c9a00a20de0c",
    "46f7c5907b7572b6d3cd0add0800450000f514f440004011a100c0000201c00002021194119400e184f6000000"
    "00a64cf4276dbb7e042d79000ec2ba0d982e20242800000000000000d5210000b9a9676a488a52d2be92a7dfd4"
    "177dfa88b82a96bdb6bfd0bdf6b8890143c75523c2dd1f3dfb72dbeda722ead713ef36015d0fcda678a1329b51"
    "78b7ecc73c8084b538f5eed86c56865c6af2fa973591cd69edf25d4ffd36452b54e2fdab59dbe2183c54559e29"
    "b5ee74a88029e78ee713ed767c5caec49ca9ea3bc1a399fcd9156ff4f86fd6665f4e9875068a880305d32fc2b7"
    "87e0a36899fd0df0cc39c5b31a350cc48c7be748191056d586351984772162612aef",
    "46f7c5907b7572b6d3cd0add08004500012d153740004011a085c0000201c0000202119411940119852e000000"
    "007acb75f2029df7109a90d54f5e91ff4b2e202400000000010000010d290000f1959f4f7de92cba8ca996f36f"
    "139c225089f5f0ffaa16ab3e9633833305e998e43d650d3021d916dd272dd53639936be87fc0eab21abc7043d6"
    "da4a3c0f4358e228516531278443fa74d3b81d5401a5abe75793f0c33ec67f491531d789c7e5b53607543e9445"
    "c931f59933c14c0bb78d521b63ba0329d6b20dc624dcba9408998a72fc347f84fc171b254ba407ddad786c4d29"
    "ed3f1c2a1536d0982bc8b91c593fd53027676ff20dcbdd904bc608adbbc6831e8bcc01961e64b91b39e56057fd"
    "d109a2533fc55236cefdaf6ca8a4c261ec78c206eefa6353f4b59278e4a26aec591a3841892b3a4194e3787ece",
    "72b6d3cd0add46f7c5907b7508004500012143b940004011720fc0000202c000020111941194010d8522000000"
    "007acb75f2029df7109a90d54f5e91ff4b2e2024280000000100000101210000e5f73b3a6bbeb184fb18cb85d4"
    "d708fdf970a8d598234781825db2dd5ea25ed3f70b1272e8e7fe0b4f390b0d9fb296a06a6d7c8d6ca23771d192"
    "d5fad51773288738c53d7fdacc5da8ce8268dfb1efd1683be03cef0c03f92011c6cb8853328aef6f1dffd6514e"
    "5dfd6bf4906ea07d9b58cca68154abe9e299b05501f97839c694e357eb49fdd4839288574c97014e61ad4d7e22"
    "dc8488f622f1925bb429bce53e7f00d945d5013f42f6091ff3b548cf22aca832f289d5ca59dddb1cfde39afadf"
    "8d011360df51bc7427fac259a4ec8c45565ba7fa20a4c351b1888275722098a093",
    "46f7c5907b7572b6d3cd0add080045000094159a40004011a0bbc0000201c00002021194119400808495c88c2b"
    "eb00000001705d671c9bb603a19dbc2a6d61f0fe197b5fd78ab6282ea025acb379aeaf326eac6cd3e0b43d98ac"
    "57ae0fa323a54f02a017d93f2c084d1184c19353a4b7a3b751907bfd884e280d1ebd6001bb24d0d2e7899afc74"
    "32e322657a27639f271c86f5e07e9606f09dd023d52cecf480f2f6",
    "72b6d3cd0add46f7c5907b75080045000094442940004011722cc0000202c00002011194119400808495e2e908"
    "8600000001b8697a9e71b97f9126454345cda59107ad09f13ea1a3ec504924dd5733bc1e8912f2153a8da3eff0"
    "acdd51672b96fbf1347c19e380c541f881e7185c57d91ac11bc06a086db2b5a1a0d63f605967818ed97264e8ad"
    "f8e2c0ff7d60281fcfdbbdc7d23f874e9a1bb5d3f43152f37ccfa6",
};
/* clang-format on */
enum { REKEYED_PACKETS = sizeof rekeyed_packets / sizeof rekeyed_packets[0] };

#endif
