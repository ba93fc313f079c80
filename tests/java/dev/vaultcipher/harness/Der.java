package dev.vaultcipher.harness;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Writes ASN.1 in DER, as far as certificates need it. */
public final class Der {
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final DateTimeFormatter GENERALIZED = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    /** From here on X.509 wants the form with four digits of the year. */
    private static final Instant YEAR_2050 = Instant.parse("2050-01-01T00:00:00Z");

    private Der() {
    }

    public static byte[] sequence(byte[]... parts) {
        return tagged(SEQUENCE, parts);
    }

    public static byte[] set(byte[]... parts) {
        return tagged(SET, parts);
    }

    public static byte[] octets(byte[] content) {
        return tagged(0x04, content);
    }

    /** A BIT STRING of whole bytes. */
    public static byte[] bits(byte[] content) {
        return tagged(0x03, new byte[] {0}, content);
    }

    public static byte[] integer(BigInteger number) {
        return tagged(0x02, number.toByteArray());
    }

    public static byte[] isTrue() {
        return tagged(0x01, new byte[] {(byte) 0xff});
    }

    public static byte[] nothing() {
        return tagged(0x05);
    }

    public static byte[] utf8(String text) {
        return tagged(0x0c, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] printable(String text) {
        return tagged(0x13, text.getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] time(Instant time) {
        return time.isBefore(YEAR_2050)
                ? tagged(0x17, UTC.format(time).getBytes(StandardCharsets.US_ASCII))
                : tagged(0x18, GENERALIZED.format(time).getBytes(StandardCharsets.US_ASCII));
    }

    /** An object identifier, written as 1.2.840.113549. */
    public static byte[] oid(String dotted) {
        String[] arcs = dotted.split("\\.");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            int arc = Integer.parseInt(arcs[i]);
            for (int shift = 28; shift > 0; shift -= 7) {
                if (arc >>> shift != 0) {
                    out.write(arc >>> shift & 0x7f | 0x80);
                }
            }
            out.write(arc & 0x7f);
        }
        return tagged(0x06, out.toByteArray());
    }

    /** Any other type. */
    public static byte[] tagged(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.write(part, 0, part.length);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.size();
        if (length >= 0x80) {
            byte[] digits = BigInteger.valueOf(length).toByteArray();
            int first = digits[0] == 0 ? 1 : 0;
            out.write(0x80 | digits.length - first);
            out.write(digits, first, digits.length - first);
        } else {
            out.write(length);
        }
        byte[] bytes = content.toByteArray();
        out.write(bytes, 0, bytes.length);
        return out.toByteArray();
    }
}
