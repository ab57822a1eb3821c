/**
 * A command that obeys the permissions of files, for tests of folders that cannot be written. The superuser may write
 * everywhere: as root the program is started without that right (Linux capabilities, setpriv of util-linux). The user
 * stays the same, so that files in private folders can still be read.
 */
export const unprivileged = (program: string, args: readonly string[]): [string, string[]] =>
  process.getuid?.() === 0
    ? [
        "setpriv",
        ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all", "--", program, ...args],
      ]
    : [program, [...args]]
