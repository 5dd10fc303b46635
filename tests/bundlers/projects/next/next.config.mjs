export default { serverExternalPackages: ['netgiro'] };
