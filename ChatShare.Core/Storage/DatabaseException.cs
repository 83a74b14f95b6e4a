namespace ChatShare.Core.Storage;

/// <summary>The database cannot be used; the message is one line for whoever started the program.</summary>
public sealed class DatabaseException(string sentence, Exception? cause = null) : Exception(sentence, cause);
