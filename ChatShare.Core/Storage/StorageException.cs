namespace ChatShare.Core.Storage;

/// <summary>The database or a folder cannot be used; the message is one line for whoever started the program.</summary>
public sealed class StorageException(string sentence, Exception? cause = null) : Exception(sentence, cause);
