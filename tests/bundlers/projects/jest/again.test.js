// The same tests in another file: Jest gives it modules and globals of its own, perhaps in another process.

require('./shop.test.js');
