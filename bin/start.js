// Runs the main function of one program from dist/programs/. Kept free of everything else: start-up time counts.
export async function start(program) {
  const url = new URL(`../dist/programs/${program}.js`, import.meta.url)
  let main
  try {
    main = (await import(url.href)).main
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== url.href) throw error
    process.stderr.write(
      'Banyan has not been built: run "npm ci" (or "npm run build" after a change) first.\n',
    )
    process.exit(1)
  }
  process.exitCode = await main(process.argv.slice(2))
  // Output drains and the process ends by itself. A forgotten handle must not keep it.
  setTimeout(() => process.exit(), 50).unref()
}
